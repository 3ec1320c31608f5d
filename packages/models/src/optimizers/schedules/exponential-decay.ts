import {ops, type Tensor} from '@keratin/core';
import {type DecayOptions, RateDecay} from './rate-decay.js';

/**
 * `initialLearningRate decayRate^(step / decaySteps)`
 *
 * @example
 * new optimizers.SGD(new optimizers.schedules.ExponentialDecay(0.1, 100_000, 0.96));
 */
export class ExponentialDecay extends RateDecay {
  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options: DecayOptions = {}) {
    super('ExponentialDecay', initialLearningRate, decaySteps, decayRate, options);
  }

  call(step: Tensor): Tensor {
    return ops.power(this.decayRate, this.progress(step)).mul(this.initialLearningRate);
  }
}
