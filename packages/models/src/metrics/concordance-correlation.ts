import {type Config, config, type Tensor} from '@keratin/core';
import {type AxisOptions} from '../losses/cosine-similarity.js';
import {type Labels, toPair} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions} from './metric.js';
import {type CorrelationOptions} from './pearson-correlation.js';

/**
 * How well points lie on the line yPred = yTrue (Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989), with
 * Keras's formula.
 */
export function concordanceCorrelation(yTrue: Labels, yPred: Labels, options: AxisOptions = {}): Tensor {
  const axis = options.axis ?? -1;
  const [t, p] = toPair(yTrue, yPred, 'concordanceCorrelation');
  const over = {axis, keepdims: true};
  const center = p.mean(over);
  const covariance = t.sub(center).mul(p.sub(center));
  const norm = t.variance(over).add(p.variance(over)).add(t.mean(over).sub(center).square());
  return covariance.mul(2).div(norm.add(config.epsilon())).mean(axis);
}

/** The mean concordance correlation of the samples. */
export class ConcordanceCorrelation<const N extends string = 'concordance_correlation'> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly axis: number;

  constructor(options: CorrelationOptions<N> = {}) {
    const {axis = -1} = options;
    const base = baseOptions('ConcordanceCorrelation', options, 'concordance_correlation', ['axis']);
    super((yTrue, yPred) => concordanceCorrelation(yTrue, yPred, {axis}), base);
    this.axis = axis;
  }

  override getConfig(): Config {
    return {...super.getConfig(), axis: this.axis};
  }
}
