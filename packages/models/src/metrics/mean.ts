import {type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {divideNoNan} from '../losses/reduction.js';
import {type Labels} from '../losses/shapes.js';
import {baseOptions, Metric, type MetricOptions, type UpdateOptions} from './metric.js';
import {samplewise} from './samplewise.js';

/** The weights of an update, its options checked. */
export const checkUpdate = (name: string, options: UpdateOptions): Labels | null => {
  checkOptions(`${name}.updateState`, options, ['sampleWeight'], {sample_weight: 'sampleWeight'});
  return options.sampleWeight ?? null;
};

/** A metric that is a sum over samples divided by their number (or by the sum of their weights). */
export abstract class MeanBase<const N extends string = string> extends Metric<N> {
  readonly total = this.addVariable({name: 'total'});
  readonly count = this.addVariable({name: 'count'});

  /** Adds values, one or more a sample. */
  protected addValues(values: Labels, sampleWeight: Labels | null): void {
    const entries = samplewise(values, sampleWeight, 'mean', this.dtype, this.name);
    this.total.assignAdd(entries.values.sum());
    if (entries.weights !== null) this.count.assignAdd(entries.weights.sum());
    else this.count.assignAdd(entries.values.ndim === 0 ? 1 : entries.values.dim(0));
  }

  result(): Tensor {
    return divideNoNan(this.total, this.count);
  }
}

/**
 * The (weighted) mean of values; 0 before the first update.
 *
 * @example
 * const mean = new metrics.Mean();
 * mean.updateState([1, 3, 5, 7]);
 * mean.result().item(); // 4
 */
export class Mean<const N extends string = 'mean'> extends MeanBase<N> {
  constructor(options: MetricOptions<N> = {}) {
    super(baseOptions('Mean', options, 'mean'));
  }

  /** @param values one value, or one or more a sample (the first axis) */
  updateState(values: Labels, options: UpdateOptions = {}): void {
    this.addValues(values, checkUpdate(this.name, options));
  }
}
