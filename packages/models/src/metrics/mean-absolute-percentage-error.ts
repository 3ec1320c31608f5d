import {meanAbsolutePercentageError} from '../losses/mean-absolute-percentage-error.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of 100 |yTrue - yPred| / max(|yTrue|, 1e-7). */
export class MeanAbsolutePercentageError<
  const N extends string = 'mean_absolute_percentage_error',
> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(
      meanAbsolutePercentageError,
      baseOptions('MeanAbsolutePercentageError', options, 'mean_absolute_percentage_error'),
    );
  }
}
