import {KeratinError, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {BackupAndRestore} from '../callbacks/backup-and-restore.js';
import {type AnyModel, type Logs} from '../callbacks/callback.js';
import {CallbackList} from '../callbacks/callback-list.js';
import {type History} from '../callbacks/history.js';
import {type FitOptions} from '../model/types.js';
import {type ArrayData, arrayData, splitSamples} from './data/arrays.js';
import {type Batch, type BatchSource} from './data/batch.js';
import {Epochs} from './data/epochs.js';
import {arraySource, isBatchIterable, refuseForIterable, sourceOf} from './data/source.js';
import {evaluateEpoch} from './evaluate.js';
import {Checkpoints} from './checkpoints.js';
import {Interruption} from './interruption.js';
import {checkLogNames} from './log-names.js';
import {readLogs, type StepLogs} from './logs.js';
import {takeSteps} from './loop.js';
import {checkFitOptions, verbosity} from './options.js';
import {Ownership} from './ownership.js';
import {Pace} from './pace.js';

interface TrainingData {
  readonly source: BatchSource;
  readonly validation: BatchSource | null;
  /** The first samples, where they are known before the first step. */
  readonly sample: Pick<Batch, 'x' | 'y'> | null;
}

/** Training and validation data as batches; all of it is checked here. */
function dataOf(x: unknown, y: unknown, options: FitOptions): TrainingData {
  const {validationSplit, validationData, batchSize, stepsPerEpoch: steps, shuffle = true} = options;
  const {sampleWeight, classWeight} = options;
  if (isBatchIterable(x)) {
    refuseForIterable('fit', {validationSplit: validationSplit === 0 ? undefined : validationSplit});
    const source = sourceOf('fit', x, y, {batchSize, sampleWeight, classWeight, shuffle});
    return {source, validation: validationOf(options), sample: null};
  }
  let data: ArrayData = arrayData('fit', x, y, sampleWeight);
  let validation = validationOf(options);
  if (validationSplit !== undefined && validationSplit > 0 && validationData === undefined) {
    const [train, rest] = splitSamples('fit', data, validationSplit);
    data = train;
    const size = options.validationBatchSize ?? batchSize;
    validation = arraySource(rest, {batchSize: size, steps: options.validationSteps});
  }
  // Class weights are for training only: the split comes first.
  if (classWeight !== undefined) data = arrayData('fit', data.x, data.y, data.sampleWeight, classWeight);
  return {
    source: arraySource(data, {batchSize, steps, shuffle}),
    validation,
    sample: {x: data.x, y: data.y},
  };
}

function validationOf(options: FitOptions): BatchSource | null {
  const {validationBatchSize, batchSize, validationSteps: steps} = options;
  const given: unknown = options.validationData;
  if (given === undefined) return null;
  const where = 'fit validationData';
  if (isBatchIterable(given)) {
    refuseForIterable('fit', {validationBatchSize});
    return sourceOf(where, given, undefined, {});
  }
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
    throw new ValueError(
      `fit: validationData must be [x, y], [x, y, sampleWeight] or a dataset, got ${describe(given)}`,
    );
  }
  const [x, y, sampleWeight] = given as readonly unknown[];
  return sourceOf(where, x, y, {batchSize: validationBatchSize ?? batchSize, steps, sampleWeight});
}

function validatesAt(epoch: number, frequency: number | readonly number[]): boolean {
  return typeof frequency === 'number' ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}

/** Trains a model: what `model.fit` does. */
export async function fit(model: AnyModel, x: unknown, y: unknown, options: FitOptions = {}): Promise<History> {
  const {trainer} = model;
  trainer.assertCompiled('fit');
  checkFitOptions(options);
  if (trainer.running !== null) {
    throw new KeratinError(`fit: model "${model.name}" is being trained already; wait for that fit to end`);
  }
  options.signal?.throwIfAborted();
  const {epochs = 1, initialEpoch = 0, validationFreq = 1} = options;
  const {source, validation, sample} = dataOf(x, y, options);
  const batches = new Epochs('fit', source, options.stepsPerEpoch);
  const tests = validation === null ? null : new Epochs('fit validation', validation, options.validationSteps);
  const verbose = verbosity(options.verbose);
  const callbacks = new CallbackList(options.callbacks, {
    model,
    params: {verbose, epochs, steps: batches.steps},
    addHistory: true,
    addProgbar: verbose > 0,
  });
  const {history} = callbacks;
  if (history === null) throw new KeratinError('internal: fit has no history');
  if (sample !== null) checkLogNames(model, callbacks.callbacks, sample, tests !== null);

  trainer.running = 'fit';
  trainer.inHook = () => callbacks.busy;
  trainer.forget();
  const pace = new Pace();
  const interruption = new Interruption(options.signal);
  const owner = new Ownership(model);
  try {
    model.stopTraining = false;
    model.history = history;
    const backup = callbacks.callbacks.find((callback) => callback instanceof BackupAndRestore);
    const checkpoints =
      backup === undefined ? null : await Checkpoints.open(model, backup, batches, tests, callbacks.callbacks);
    await callbacks.onTrainBegin();
    await checkpoints?.restore(sample);
    let logs: Logs = checkpoints?.logs ?? {};
    for (let epoch = checkpoints?.epoch ?? initialEpoch; epoch < epochs; epoch++) {
      if (checkpoints?.stopped === true) break;
      const from = checkpoints?.stepsTaken(epoch) ?? 0;
      if (from === 0) trainer.resetAll();
      await callbacks.onEpochBegin(epoch);
      if (from > 0) await checkpoints?.restore(sample, true);
      let last: StepLogs = from > 0 ? (checkpoints?.last ?? {}) : {};
      owner.take();
      const taken = await takeSteps({
        kind: 'train',
        compiled: trainer.steps,
        hooked: checkpoints?.looksAtBatches === true || callbacks.hasBatchHooks('Train'),
        // A checkpoint holds how far the data was asked for.
        ahead: checkpoints === null,
        owner,
        batches,
        pace,
        signal: undefined,
        from,
        group: trainer.stepsPerExecution,
        begin: (step) => callbacks.onTrainBatchBegin(step),
        run: (batch, step) => {
          checkpoints?.restoreMetrics(epoch, batch);
          if (sample === null && epoch === initialEpoch && step === 0) {
            checkLogNames(model, callbacks.callbacks, batch, tests !== null);
          }
          trainer.assertAlone();
          last = trainer.runTrainStep(batch);
          // The first step builds the model.
          owner.take();
        },
        ran: (result) => {
          trainer.assertAlone();
          last = result as StepLogs;
        },
        end: (step) => {
          const waiting = callbacks.onTrainBatchEnd(step, () => readLogs(last));
          if (checkpoints === null || !(checkpoints.isDue() || interruption.requested())) return waiting;
          return (waiting ?? Promise.resolve()).then(() => checkpoints.afterBatch(epoch, step, last));
        },
        stop: () => model.stopTraining || interruption.requested(),
      });
      if (interruption.requested()) break;
      // Where the run that goes on had taken every step, its last values are those of the epoch.
      logs = taken === from ? readLogs(last) : trainer.epochLogs(last);
      if (tests !== null && validatesAt(epoch, validationFreq)) {
        callbacks.hold(logs);
        const values = await evaluateEpoch(
          model,
          tests,
          callbacks,
          pace,
          undefined,
          () => interruption.requested(),
          owner,
        );
        if (interruption.requested()) break;
        for (const [name, value] of Object.entries(values)) logs[`val_${name}`] = value;
        logs = sorted(logs);
      }
      await callbacks.onEpochEnd(epoch, logs);
      await checkpoints?.afterEpoch(epoch, logs);
      // Hooks of callbacks set it.
      if ((model.stopTraining as boolean) || interruption.requested()) break;
    }
    trainer.finish();
    await callbacks.onTrainEnd(logs);
    // A run that was interrupted goes on from its checkpoint.
    if (!interruption.requested()) await backup?.finish();
    return history;
  } finally {
    interruption.close();
    owner.release();
    trainer.steps?.release('train');
    trainer.steps?.release('test');
    trainer.running = null;
    trainer.inHook = () => false;
    callbacks.close();
    await batches.close();
    await tests?.close();
  }
}

function sorted(logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1)));
}
