import {type Config, ops, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** Options of {@link PolynomialDecay}. */
export interface PolynomialDecayOptions {
  /** Default 1e-4. */
  endLearningRate?: number | undefined;
  /** Default 1: a straight line. */
  power?: number | undefined;
  /** Whether the decay starts again, each time over a longer stretch, once it is through. Default false. */
  cycle?: boolean | undefined;
  name?: string | undefined;
}

/** `(initialLearningRate - endLearningRate) (1 - step / decaySteps)^power + endLearningRate`, the end rate from decaySteps on. */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'decaySteps'];
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate: number;
  readonly power: number;
  readonly cycle: boolean;
  override readonly name: string;

  constructor(initialLearningRate: number, decaySteps: number, options: PolynomialDecayOptions = {}) {
    const where = 'PolynomialDecay';
    checkOptions(where, options, ['endLearningRate', 'power', 'cycle', 'name']);
    super();
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', decaySteps);
    this.endLearningRate = checkNumber(where, 'endLearningRate', options.endLearningRate ?? 1e-4);
    this.power = checkNumber(where, 'power', options.power ?? 1);
    this.cycle = options.cycle ?? false;
    this.name = options.name ?? where;
  }

  call(step: Tensor): Tensor {
    const {initialLearningRate, decaySteps, endLearningRate} = this;
    const done = this.cycle
      ? step.div(step.div(decaySteps).ceil().maximum(1).mul(decaySteps))
      : step.minimum(decaySteps).div(decaySteps);
    const rest = ops.power(done.neg().add(1), this.power);
    return rest.mul(initialLearningRate - endLearningRate).add(endLearningRate);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      end_learning_rate: this.endLearningRate,
      power: this.power,
      cycle: this.cycle,
      name: this.name,
    };
  }
}
