import {ops, type Tensor} from '@keratin/core';
import {type DecayOptions, RateDecay} from './rate-decay.js';

/** `initialLearningRate / (1 + decayRate step / decaySteps)` */
export class InverseTimeDecay extends RateDecay {
  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options: DecayOptions = {}) {
    super('InverseTimeDecay', initialLearningRate, decaySteps, decayRate, options);
  }

  call(step: Tensor): Tensor {
    return ops.divide(this.initialLearningRate, this.progress(step).mul(this.decayRate).add(1));
  }
}
