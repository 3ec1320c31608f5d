import {type Config, ops, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** Options of {@link CosineDecay}. */
export interface CosineDecayOptions {
  /** The part of the rate that is left in the end. Default 0. */
  alpha?: number | undefined;
  /** Where a linear warm-up ends, from which the decay starts. Default null: no warm-up. */
  warmupTarget?: number | null | undefined;
  /** How many steps the warm-up takes, before the decay's own. Default 0. */
  warmupSteps?: number | undefined;
  name?: string | undefined;
}

/**
 * Half a cosine from the initial rate (or the warm-up's target) down to `alpha` of it (Loshchilov and Hutter, "SGDR: stochastic
 * gradient descent with warm restarts", 2016).
 */
export class CosineDecay extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'decaySteps'];
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
  readonly warmupTarget: number | null;
  readonly warmupSteps: number;
  override readonly name: string;

  constructor(initialLearningRate: number, decaySteps: number, options: CosineDecayOptions = {}) {
    const where = 'CosineDecay';
    checkOptions(where, options, ['alpha', 'warmupTarget', 'warmupSteps', 'name']);
    const {alpha = 0, warmupTarget = null, warmupSteps = 0} = options;
    super();
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', decaySteps);
    this.alpha = checkNumber(where, 'alpha', alpha);
    this.warmupTarget = warmupTarget === null ? null : checkNumber(where, 'warmupTarget', warmupTarget);
    this.warmupSteps = checkNumber(where, 'warmupSteps', warmupSteps);
    this.name = options.name ?? where;
  }

  call(step: Tensor): Tensor {
    const {initialLearningRate: initial, decaySteps, warmupTarget: target, warmupSteps} = this;
    if (target === null) return this.#decay(step.minimum(decaySteps), initial);
    const bounded = step.minimum(decaySteps + warmupSteps);
    const decayed = this.#decay(bounded.sub(warmupSteps), target);
    if (warmupSteps === 0) return decayed;
    const warm = bounded
      .div(warmupSteps)
      .mul(target - initial)
      .add(initial);
    return ops.where(bounded.less(warmupSteps), warm, decayed);
  }

  #decay(step: Tensor, from: number): Tensor {
    const half = step.div(this.decaySteps).mul(Math.PI).cos().add(1).mul(0.5);
    return half
      .mul(1 - this.alpha)
      .add(this.alpha)
      .mul(from);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      alpha: this.alpha,
      name: this.name,
      warmup_target: this.warmupTarget,
      warmup_steps: this.warmupSteps,
    };
  }
}
