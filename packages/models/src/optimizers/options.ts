import {UnknownOptionError, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {LearningRateSchedule} from './schedules/schedule.js';

/**
 * A number, a schedule, or a function that gives the number for a step (counted from 0). Schedules are named by their methods, so
 * that the step of a function is inferred.
 */
export type LearningRate = number | Pick<LearningRateSchedule, 'call' | 'getConfig'> | ((step: number) => number);

type CheckedRate = number | LearningRateSchedule | ((step: number) => number);

/** Options of every optimizer. */
export interface OptimizerOptions {
  /** A number, a schedule, or a function of the step. */
  learningRate?: LearningRate | undefined;
  /** Default: the class name in snake case, numbered. */
  name?: string | undefined;
  /** Each step first takes `weightDecay * learningRate` of every weight away. Default null: none. */
  weightDecay?: number | null | undefined;
  /** Each gradient is scaled so that its norm is at most this. Default null. */
  clipnorm?: number | null | undefined;
  /** Each gradient entry is brought into [-clipvalue, clipvalue]. Default null. */
  clipvalue?: number | null | undefined;
  /** All gradients are scaled so that their norm together is at most this. Default null. */
  globalClipnorm?: number | null | undefined;
  /** Whether a moving average of the weights is kept, which replaces them at the end of training. Default false. */
  useEma?: boolean | undefined;
  /** Of the moving average: how much of the old one stays. Default 0.99. */
  emaMomentum?: number | undefined;
  /** Every how many steps the average replaces the weights. Default null: only at the end. */
  emaOverwriteFrequency?: number | null | undefined;
  /** The loss is multiplied by it before gradients are computed, and gradients divided by it. Default null. */
  lossScaleFactor?: number | null | undefined;
  /** Weights change every so many steps, by the mean of the gradients since the last change. At least 2. Default null. */
  gradientAccumulationSteps?: number | null | undefined;
}

/** Names of the options of every optimizer. */
export const OPTIMIZER_KEYS = [
  'learningRate',
  'name',
  'weightDecay',
  'clipnorm',
  'clipvalue',
  'globalClipnorm',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'lossScaleFactor',
  'gradientAccumulationSteps',
] as const;

const RENAMED = {
  lr: 'learningRate',
  alpha: 'learningRate',
  eps: 'epsilon',
  betas: 'beta1 and beta2',
  clipNorm: 'clipnorm',
  clipValue: 'clipvalue',
  maxGradNorm: 'globalClipnorm',
} as const;

function isOptions<O extends object>(value: LearningRate | O | undefined): value is O {
  return typeof value === 'object';
}

/**
 * The options of a constructor that takes `(options)`, `(learningRate)` or `(learningRate, options)`, checked.
 * @param keys what the optimizer takes beside {@link OPTIMIZER_KEYS}
 */
export function optionsOf<O extends OptimizerOptions>(
  className: string,
  first: LearningRate | O | undefined,
  second: O | undefined,
  keys: readonly (keyof O & string)[] = [],
): O {
  const given = isOptions(first) ? first : second;
  if (given !== undefined && 'decay' in given) {
    throw new UnknownOptionError(
      `${className}: unknown option "decay"; a learning rate falls by a schedule, such as optimizers.schedules.InverseTimeDecay`,
    );
  }
  checkOptions(className, given, [...keys, ...OPTIMIZER_KEYS], RENAMED);
  if (isOptions(first)) return first;
  const rate: LearningRate | undefined = first;
  return {...second, ...(rate === undefined ? {} : {learningRate: rate})} as O;
}

/** A learning rate: finite and not negative where it is a number. */
export function checkRate(where: string, rate: unknown): CheckedRate {
  if (rate instanceof LearningRateSchedule || typeof rate === 'function') return rate as CheckedRate;
  if (typeof rate !== 'number' || !Number.isFinite(rate) || rate < 0) {
    throw new ValueError(
      `${where}: learningRate must be a finite number of at least 0, a schedule or a function of the step, got ${describe(rate)}`,
    );
  }
  return rate;
}

/** A number in [low, high]. */
export function checkRange(where: string, name: string, value: number, low: number, high = Infinity): number {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    const range = high === Infinity ? `at least ${String(low)}` : `in [${String(low)}, ${String(high)}]`;
    throw new ValueError(`${where}: ${name} must be ${range}, got ${describe(value)}`);
  }
  return value;
}

/** A number of at least 0, or null. */
export function checkAmount(where: string, name: string, value: number | null | undefined): number | null {
  return value === undefined || value === null ? null : checkRange(where, name, value, 0);
}

/** A whole number of at least `low`, or null. */
export function checkCount(where: string, name: string, value: number | null | undefined, low: number): number | null {
  if (value === undefined || value === null) return null;
  if (!Number.isInteger(value) || value < low) {
    throw new ValueError(`${where}: ${name} must be an integer of at least ${String(low)}, got ${describe(value)}`);
  }
  return value;
}
