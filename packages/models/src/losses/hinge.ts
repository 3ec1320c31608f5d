import {type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';
import {toSigns} from './signs.js';

/** `mean(max(1 - yTrue yPred, 0)) with labels -1 and 1; labels that are all 0 or 1 become -1 and 1` along the last axis: the loss of each sample. */
export function hinge(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'hinge');
  return toSigns(t).mul(p).neg().add(1).maximum(0).mean(-1);
}

/** `mean(max(1 - yTrue yPred, 0)) with labels -1 and 1; labels that are all 0 or 1 become -1 and 1` along the last axis, then reduced. */
export class Hinge extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(hinge, baseOptions('Hinge', options, 'hinge'));
  }
}
