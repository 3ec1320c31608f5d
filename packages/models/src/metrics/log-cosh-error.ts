import {logCosh} from '../losses/log-cosh.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of log(cosh(yPred - yTrue)). Its default name is `logcosh`, as in Keras. */
export class LogCoshError<const N extends string = 'logcosh'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(logCosh, baseOptions('LogCoshError', options, 'logcosh'));
  }
}
