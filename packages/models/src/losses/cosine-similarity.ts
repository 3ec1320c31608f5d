import {type Config, config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** Options of {@link cosineSimilarity}. */
export interface AxisOptions {
  /** Along which axis. Default -1. */
  axis?: number | undefined;
}

/**
 * Minus the cosine of the angle between targets and predictions: -1 where they point the same way, 1 where they are opposite.
 * A vector of zeros gives 0.
 */
export function cosineSimilarity(yTrue: Labels, yPred: Labels, options: AxisOptions = {}): Tensor {
  const axis = options.axis ?? -1;
  const [t, p] = toPair(yTrue, yPred, 'cosineSimilarity');
  return unit(t, axis).mul(unit(p, axis)).sum(axis).neg();
}

// x / |x|, with the factor held below 1e7
function unit(x: Tensor, axis: number): Tensor {
  const factor = x.square().sum({axis, keepdims: true}).rsqrt();
  return x.mul(factor.minimum(1 / config.epsilon()));
}

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions extends LossOptions, AxisOptions {}

/** Minus the cosine similarity along an axis, then reduced. */
export class CosineSimilarity extends LossFunctionWrapper {
  readonly axis: number;

  constructor(options: CosineSimilarityOptions = {}) {
    const {axis = -1} = options;
    const base = baseOptions('CosineSimilarity', options, 'cosine_similarity', ['axis']);
    super((yTrue, yPred) => cosineSimilarity(yTrue, yPred, {axis}), base);
    this.axis = axis;
  }

  /** As Keras's, which leaves `axis` out; here it is written where it is not the default, so that it is not lost. */
  override getConfig(): Config {
    return this.axis === -1 ? super.getConfig() : {...super.getConfig(), axis: this.axis};
  }
}
