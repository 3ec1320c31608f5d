import {config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** `sum(yTrue log(yTrue / yPred)), both brought into [1e-7, 1]` along the last axis: the loss of each sample. */
export function klDivergence(yTrue: Labels, yPred: Labels): Tensor {
  const [t, p] = toPair(yTrue, yPred, 'klDivergence');
  const target = t.clip(config.epsilon(), 1);
  return target.mul(target.div(p.clip(config.epsilon(), 1)).log()).sum(-1);
}

/** `sum(yTrue log(yTrue / yPred)), both brought into [1e-7, 1]` along the last axis, then reduced. */
export class KLDivergence extends LossFunctionWrapper {
  constructor(options: LossOptions = {}) {
    super(klDivergence, baseOptions('KLDivergence', options, 'kl_divergence'));
  }
}
