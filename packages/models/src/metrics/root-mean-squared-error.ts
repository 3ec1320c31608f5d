import {type Tensor} from '@keratin/core';
import {type Labels, toPair} from '../losses/shapes.js';
import {checkUpdate, MeanBase} from './mean.js';
import {baseOptions, type MetricOptions, type UpdateOptions} from './metric.js';

/** The root of the mean of (yTrue - yPred)^2 over all entries. */
export class RootMeanSquaredError<const N extends string = 'root_mean_squared_error'> extends MeanBase<N> {
  override readonly direction = 'down';

  constructor(options: MetricOptions<N> = {}) {
    super(baseOptions('RootMeanSquaredError', options, 'root_mean_squared_error'));
  }

  updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    const weight = checkUpdate(this.name, options);
    const [t, p] = toPair(yTrue, yPred, this.name);
    this.addValues(p.sub(t).square(), weight);
  }

  override result(): Tensor {
    return super.result().sqrt();
  }
}
