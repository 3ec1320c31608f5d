import {meanSquaredError} from '../losses/mean-squared-error.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of (yTrue - yPred)^2. */
export class MeanSquaredError<const N extends string = 'mean_squared_error'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(meanSquaredError, baseOptions('MeanSquaredError', options, 'mean_squared_error'));
  }
}
