import {categoricalHinge} from '../losses/categorical-hinge.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of max(max((1 - yTrue) yPred) - sum(yTrue yPred) + 1, 0). */
export class CategoricalHinge<const N extends string = 'categorical_hinge'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(categoricalHinge, baseOptions('CategoricalHinge', options, 'categorical_hinge'));
  }
}
