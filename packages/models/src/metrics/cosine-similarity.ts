import {type Config, type Tensor} from '@keratin/core';
import {type AxisOptions, cosineSimilarity as negative} from '../losses/cosine-similarity.js';
import {type Labels} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The cosine of the angle between targets and predictions: 1 where they point the same way (the loss has the other sign). */
export function cosineSimilarity(yTrue: Labels, yPred: Labels, options: AxisOptions = {}): Tensor {
  return negative(yTrue, yPred, options).neg();
}

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions<N extends string = string> extends MetricOptions<N>, AxisOptions {}

/** The mean cosine similarity. */
export class CosineSimilarity<const N extends string = 'cosine_similarity'> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly axis: number;

  constructor(options: CosineSimilarityOptions<N> = {}) {
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
