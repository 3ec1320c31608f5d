import {type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `mean((yTrue - yPred)^2)` along the last axis: the loss of each sample. */
export function meanSquaredError(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'meanSquaredError');
  return p.sub(t).square().mean(-1);
}

/** `mean((yTrue - yPred)^2)` along the last axis, then reduced. */
export class MeanSquaredError extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(meanSquaredError, baseOptions('MeanSquaredError', options, 'mean_squared_error'));
  }
}
