import {type Tensor} from '@keratin/core';
import {type Labels} from '../losses/shapes.js';
import {checkUpdate} from './mean.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {samplewise} from './samplewise.js';

/** The (weighted) sum of values. */
export class Sum<const N extends string = 'sum'> extends Metric<N> {
  readonly total = this.addVariable({name: 'total'});

  constructor(options: MetricOptions<N> = {}) {
    super(baseOptions('Sum', options, 'sum'));
  }

  updateState(values: Labels, options: UpdateOptions = {}): void {
    const weight = checkUpdate(this.name, options);
    this.total.assignAdd(samplewise(values, weight, 'sum', this.dtype, this.name).values.sum());
  }

  result(): Tensor {
    return this.total.readValue();
  }
}
