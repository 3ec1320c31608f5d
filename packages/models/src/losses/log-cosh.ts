import {type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `mean(log(cosh(yPred - yTrue))), computed as x + softplus(-2x) - log 2` along the last axis: the loss of each sample. */
export function logCosh(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'logCosh');
  const x = p.sub(t);
  return x.add(x.mul(-2).softplus()).sub(Math.LN2).mean(-1);
}

/** `mean(log(cosh(yPred - yTrue))), computed as x + softplus(-2x) - log 2` along the last axis, then reduced. */
export class LogCosh extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(logCosh, baseOptions('LogCosh', options, 'log_cosh'));
  }
}
