import {meanAbsoluteError} from '../losses/mean-absolute-error.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of |yTrue - yPred|. */
export class MeanAbsoluteError<const N extends string = 'mean_absolute_error'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(meanAbsoluteError, baseOptions('MeanAbsoluteError', options, 'mean_absolute_error'));
  }
}
