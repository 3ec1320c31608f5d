import {ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {
  type EvaluateOptions,
  type FitOptions,
  type PredictOptions,
  type TestOnBatchOptions,
  type TrainOnBatchOptions,
  type Verbose,
} from '../model/types.js';
import {warn} from '../progress/output.js';
import {type CompileSettings} from './trainer.js';

// What users pass is checked before anything happens.

const FIT = [
  'epochs',
  'batchSize',
  'verbose',
  'callbacks',
  'validationSplit',
  'validationData',
  'shuffle',
  'classWeight',
  'sampleWeight',
  'initialEpoch',
  'stepsPerEpoch',
  'validationSteps',
  'validationBatchSize',
  'validationFreq',
  'signal',
] as const satisfies readonly (keyof FitOptions)[];

const EVALUATE = [
  'batchSize',
  'verbose',
  'sampleWeight',
  'steps',
  'callbacks',
  'signal',
] as const satisfies readonly (keyof EvaluateOptions)[];

const PREDICT = EVALUATE.filter((name) => name !== 'sampleWeight') satisfies readonly (keyof PredictOptions)[];

const RENAMED = {
  nbEpoch: 'epochs',
  numEpochs: 'epochs',
  validation: 'validationData',
  val: 'validationData',
  batch: 'batchSize',
  yieldEvery: 'callbacks',
};

function checkCount(where: string, name: string, value: unknown, least: number): void {
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= least)) return;
  const kind = least === 0 ? 'an integer of at least 0' : 'a positive integer';
  throw new ValueError(`${where}: ${name} must be ${kind}, got ${describe(value)}`);
}

function checkCommon(where: string, options: EvaluateOptions): void {
  checkCount(where, 'batchSize', options.batchSize, 1);
  const {verbose, signal} = options as {readonly verbose?: unknown; readonly signal?: unknown};
  if (verbose !== undefined && verbose !== 'auto' && verbose !== 0 && verbose !== 1 && verbose !== 2) {
    throw new ValueError(`${where}: verbose must be "auto", 0, 1 or 2, got ${describe(verbose)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ValueError(`${where}: signal must be an AbortSignal, got ${describe(signal)}`);
  }
}

export function checkFitOptions(options: FitOptions): void {
  const where = 'fit';
  checkOptions(where, options, FIT, RENAMED);
  checkCommon(where, options);
  checkCount(where, 'epochs', options.epochs, 1);
  checkCount(where, 'initialEpoch', options.initialEpoch, 0);
  for (const name of ['stepsPerEpoch', 'validationSteps', 'validationBatchSize'] as const) {
    checkCount(where, name, options[name], 1);
  }
  const {validationSplit, shuffle, validationFreq} = options as Readonly<Record<string, unknown>>;
  if (
    validationSplit !== undefined &&
    !(typeof validationSplit === 'number' && validationSplit >= 0 && validationSplit < 1)
  ) {
    throw new ValueError(`fit: validationSplit must be at least 0 and below 1, got ${describe(validationSplit)}`);
  }
  if (shuffle !== undefined && typeof shuffle !== 'boolean' && shuffle !== 'batch') {
    throw new ValueError(`fit: shuffle must be true, false or "batch", got ${describe(shuffle)}`);
  }
  if (Array.isArray(validationFreq)) {
    for (const epoch of validationFreq as readonly unknown[]) checkCount(where, 'validationFreq', epoch, 1);
  } else {
    checkCount(where, 'validationFreq', validationFreq, 1);
  }
}

export function checkEvaluateOptions(options: EvaluateOptions): void {
  checkOptions('evaluate', options, EVALUATE, RENAMED);
  checkCommon('evaluate', options);
  checkCount('evaluate', 'steps', options.steps, 1);
}

export function checkPredictOptions(options: PredictOptions): void {
  checkOptions('predict', options, PREDICT, RENAMED);
  checkCommon('predict', options);
  checkCount('predict', 'steps', options.steps, 1);
}

export function checkBatchOptions(where: string, options: TrainOnBatchOptions | TestOnBatchOptions): void {
  checkOptions(where, options, where === 'trainOnBatch' ? ['sampleWeight', 'classWeight'] : ['sampleWeight']);
}

/** `'auto'` is a progress bar, as in Keras. */
export function verbosity(verbose: Verbose | undefined): 0 | 1 | 2 {
  return verbose === undefined || verbose === 'auto' ? 1 : verbose;
}

/** Checks the options of `compile` that say how steps run. */
export function checkExecution(settings: CompileSettings): void {
  const {jitCompile, runEagerly, stepsPerExecution} = settings as Readonly<Record<string, unknown>>;
  if (jitCompile !== undefined && typeof jitCompile !== 'boolean' && jitCompile !== 'auto') {
    throw new ValueError(`compile: jitCompile must be true, false or 'auto', got ${describe(jitCompile)}`);
  }
  if (runEagerly !== undefined && typeof runEagerly !== 'boolean') {
    throw new ValueError(`compile: runEagerly must be true or false, got ${describe(runEagerly)}`);
  }
  checkCount('compile', 'stepsPerExecution', stepsPerExecution, 1);
  if (runEagerly === true && jitCompile === true) {
    warn('compile: runEagerly runs steps operation by operation, so jitCompile: true has no effect');
  }
}
