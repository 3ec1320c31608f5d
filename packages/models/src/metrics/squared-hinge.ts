import {squaredHinge} from '../losses/squared-hinge.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of max(1 - yTrue yPred, 0)^2. */
export class SquaredHinge<const N extends string = 'squared_hinge'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(squaredHinge, baseOptions('SquaredHinge', options, 'squared_hinge'));
  }
}
