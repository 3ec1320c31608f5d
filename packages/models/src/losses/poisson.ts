import {config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `mean(yPred - yTrue log(yPred + 1e-7))` along the last axis: the loss of each sample. */
export function poisson(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'poisson');
  return p.sub(t.mul(p.add(config.epsilon()).log())).mean(-1);
}

/** `mean(yPred - yTrue log(yPred + 1e-7))` along the last axis, then reduced. */
export class Poisson extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(poisson, baseOptions('Poisson', options, 'poisson'));
  }
}
