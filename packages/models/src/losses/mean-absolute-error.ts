import {type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `mean(|yTrue - yPred|)` along the last axis: the loss of each sample. */
export function meanAbsoluteError(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'meanAbsoluteError');
  return p.sub(t).abs().mean(-1);
}

/** `mean(|yTrue - yPred|)` along the last axis, then reduced. */
export class MeanAbsoluteError extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(meanAbsoluteError, baseOptions('MeanAbsoluteError', options, 'mean_absolute_error'));
  }
}
