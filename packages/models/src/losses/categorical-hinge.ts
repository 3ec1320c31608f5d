import {type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `max(max((1 - yTrue) yPred) - sum(yTrue yPred) + 1, 0) with one-hot labels` along the last axis: the loss of each sample. */
export function categoricalHinge(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'categoricalHinge');
  const positive = t.mul(p).sum(-1);
  const negative = t.neg().add(1).mul(p).max(-1);
  return negative.sub(positive).add(1).maximum(0);
}

/** `max(max((1 - yTrue) yPred) - sum(yTrue yPred) + 1, 0) with one-hot labels` along the last axis, then reduced. */
export class CategoricalHinge extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(categoricalHinge, baseOptions('CategoricalHinge', options, 'categorical_hinge'));
  }
}
