import {type Config, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** Options of {@link ExponentialDecay} and {@link InverseTimeDecay}. */
export interface DecayOptions {
  /** Whether the rate falls only at multiples of `decaySteps`. Default false. */
  staircase?: boolean | undefined;
  name?: string | undefined;
}

/** Base of schedules that fall by a rate over a number of steps, smoothly or in stairs. */
export abstract class RateDecay extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'decaySteps', 'decayRate'];
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  override readonly name: string;

  constructor(
    where: string,
    initialLearningRate: number,
    decaySteps: number,
    decayRate: number,
    options: DecayOptions = {},
  ) {
    checkOptions(where, options, ['staircase', 'name']);
    super();
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', decaySteps);
    this.decayRate = checkNumber(where, 'decayRate', decayRate);
    this.staircase = options.staircase ?? false;
    this.name = options.name ?? where;
  }

  /** `step / decaySteps`, whole where the rate falls in stairs. */
  protected progress(step: Tensor): Tensor {
    const done = step.div(this.decaySteps);
    return this.staircase ? done.floor() : done;
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
