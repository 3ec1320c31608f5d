import {type Config, type Tensor} from '@keratin/core';
import {type AxisOptions} from '../losses/cosine-similarity.js';
import {type Labels, toPair} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The covariance along an axis over the product of standard deviations. */
export function pearsonCorrelation(yTrue: Labels, yPred: Labels, options: AxisOptions = {}): Tensor {
  const axis = options.axis ?? -1;
  const [t, p] = toPair(yTrue, yPred, 'pearsonCorrelation');
  const standard = (x: Tensor): Tensor => {
    const centered = x.sub(x.mean({axis, keepdims: true}));
    return centered.div(centered.std({axis, keepdims: true}));
  };
  return standard(t).mul(standard(p)).mean(axis);
}

/** Options of {@link PearsonCorrelation} and of the concordance correlation. */
export interface CorrelationOptions<N extends string = string> extends MetricOptions<N>, AxisOptions {}

/** The mean Pearson correlation of the samples. */
export class PearsonCorrelation<const N extends string = 'pearson_correlation'> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly axis: number;

  constructor(options: CorrelationOptions<N> = {}) {
    const {axis = -1} = options;
    const base = baseOptions('PearsonCorrelation', options, 'pearson_correlation', ['axis']);
    super((yTrue, yPred) => pearsonCorrelation(yTrue, yPred, {axis}), base);
    this.axis = axis;
  }

  override getConfig(): Config {
    return {...super.getConfig(), axis: this.axis};
  }
}
