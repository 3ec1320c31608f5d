import {config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `100 mean(|yTrue - yPred| / max(|yTrue|, 1e-7))` along the last axis: the loss of each sample. */
export function meanAbsolutePercentageError(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'meanAbsolutePercentageError');
  return t.sub(p).div(t.abs().maximum(config.epsilon())).abs().mean(-1).mul(100);
}

/** `100 mean(|yTrue - yPred| / max(|yTrue|, 1e-7))` along the last axis, then reduced. */
export class MeanAbsolutePercentageError extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(
      meanAbsolutePercentageError,
      baseOptions('MeanAbsolutePercentageError', options, 'mean_absolute_percentage_error'),
    );
  }
}
