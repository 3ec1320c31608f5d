import {type Config, ops, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** Options of {@link ExponentialDecay} and {@link InverseTimeDecay}. */
export interface DecayOptions {
  /** Whether the rate falls only at multiples of `decaySteps`. Default false. */
  staircase?: boolean | undefined;
  name?: string | undefined;
}

/**
 * `initialLearningRate decayRate^(step / decaySteps)`
 *
 * @example
 * new optimizers.SGD(new optimizers.schedules.ExponentialDecay(0.1, 100_000, 0.96));
 */
export class ExponentialDecay extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'decaySteps', 'decayRate'];
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  override readonly name: string;

  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options: DecayOptions = {}) {
    const where = 'ExponentialDecay';
    checkOptions(where, options, ['staircase', 'name']);
    super();
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', decaySteps);
    this.decayRate = checkNumber(where, 'decayRate', decayRate);
    this.staircase = options.staircase ?? false;
    this.name = options.name ?? where;
  }

  call(step: Tensor): Tensor {
    const done = step.div(this.decaySteps);
    return ops.power(this.decayRate, this.staircase ? done.floor() : done).mul(this.initialLearningRate);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      decay_rate: this.decayRate,
      staircase: this.staircase,
      name: this.name,
    };
  }
}
