import {meanSquaredLogarithmicError} from '../losses/mean-squared-logarithmic-error.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean squared difference of log(x + 1). */
export class MeanSquaredLogarithmicError<
  const N extends string = 'mean_squared_logarithmic_error',
> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(
      meanSquaredLogarithmicError,
      baseOptions('MeanSquaredLogarithmicError', options, 'mean_squared_logarithmic_error'),
    );
  }
}
