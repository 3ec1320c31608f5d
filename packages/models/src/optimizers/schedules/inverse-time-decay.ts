import {type Config, ops, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {type DecayOptions} from './exponential-decay.js';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** `initialLearningRate / (1 + decayRate step / decaySteps)` */
export class InverseTimeDecay extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'decaySteps', 'decayRate'];
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  override readonly name: string;

  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options: DecayOptions = {}) {
    const where = 'InverseTimeDecay';
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
    return ops.divide(this.initialLearningRate, (this.staircase ? done.floor() : done).mul(this.decayRate).add(1));
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
