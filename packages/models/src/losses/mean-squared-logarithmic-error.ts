import {config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `mean((log(max(yTrue, 1e-7) + 1) - log(max(yPred, 1e-7) + 1))^2)` along the last axis: the loss of each sample. */
export function meanSquaredLogarithmicError(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'meanSquaredLogarithmicError');
  const log = (x: Tensor): Tensor => x.maximum(config.epsilon()).add(1).log();
  return log(p).sub(log(t)).square().mean(-1);
}

/** `mean((log(max(yTrue, 1e-7) + 1) - log(max(yPred, 1e-7) + 1))^2)` along the last axis, then reduced. */
export class MeanSquaredLogarithmicError extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(
      meanSquaredLogarithmicError,
      baseOptions('MeanSquaredLogarithmicError', options, 'mean_squared_logarithmic_error'),
    );
  }
}
