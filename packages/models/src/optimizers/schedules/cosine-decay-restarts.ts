import {type Config, ops, type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {checkNumber, checkSteps, LearningRateSchedule} from './schedule.js';

/** Options of {@link CosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** How much longer each period is than the one before. Default 2. */
  tMul?: number | undefined;
  /** How much of the initial rate each period starts with, compared with the one before. Default 1. */
  mMul?: number | undefined;
  /** The part of the rate that is left at the end of a period. Default 0. */
  alpha?: number | undefined;
  name?: string | undefined;
}

/**
 * Half a cosine down, again and again (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2016). Its
 * default name is `'SGDRDecay'`, as in Keras.
 */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly positional = ['initialLearningRate', 'firstDecaySteps'];
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  readonly tMul: number;
  readonly mMul: number;
  readonly alpha: number;
  override readonly name: string;

  constructor(initialLearningRate: number, firstDecaySteps: number, options: CosineDecayRestartsOptions = {}) {
    const where = 'CosineDecayRestarts';
    checkOptions(where, options, ['tMul', 'mMul', 'alpha', 'name']);
    super();
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', initialLearningRate);
    this.firstDecaySteps = checkSteps(where, 'firstDecaySteps', firstDecaySteps);
    this.tMul = checkSteps(where, 'tMul', options.tMul ?? 2);
    this.mMul = checkNumber(where, 'mMul', options.mMul ?? 1);
    this.alpha = checkNumber(where, 'alpha', options.alpha ?? 0);
    this.name = options.name ?? 'SGDRDecay';
  }

  call(step: Tensor): Tensor {
    const [restart, done] = this.#period(step.div(this.firstDecaySteps));
    const start = ops.power(this.mMul, restart);
    const half = done.mul(Math.PI).cos().add(1).mul(start.mul(0.5));
    return half
      .mul(1 - this.alpha)
      .add(this.alpha)
      .mul(this.initialLearningRate);
  }

  // Which period a step is in, and which part of it is done. Periods 1, t, t^2, ... begin at (1 - t^i) / (1 - t).
  #period(fraction: Tensor): [restart: Tensor, done: Tensor] {
    const {tMul} = this;
    if (tMul === 1) {
      const restart = fraction.floor();
      return [restart, fraction.sub(restart)];
    }
    const restart = fraction
      .mul(tMul - 1)
      .add(1)
      .log()
      .div(Math.log(tMul))
      .floor();
    const length = ops.power(tMul, restart);
    return [
      restart,
      fraction
        .sub(
          length
            .neg()
            .add(1)
            .div(1 - tMul),
        )
        .div(length),
    ];
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      first_decay_steps: this.firstDecaySteps,
      t_mul: this.tMul,
      m_mul: this.mMul,
      alpha: this.alpha,
      name: this.name,
    };
  }
}
