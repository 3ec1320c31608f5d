import {hinge} from '../losses/hinge.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** The mean of max(1 - yTrue yPred, 0). */
export class Hinge<const N extends string = 'hinge'> extends FunctionMetric<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(hinge, baseOptions('Hinge', options, 'hinge'));
  }
}
