import {type Config, config, ops, type Tensor} from '@keratin/core';
import {type Labels, toDType, toFloat, toTensor} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {requireOnePerSample} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';
import {checkK, inTopK, type TopKOptions} from './top-k.js';

/** Options of {@link sparseTopKCategoricalAccuracy}. */
export interface SparseTopKOptions extends TopKOptions {
  /** Whether yPred holds class numbers, best first, instead of a score for each class. Default false. */
  fromSortedIds?: boolean | undefined;
}

/** 1 where the target (a class number) is among the k largest predictions, else 0: one value a sample. */
export function sparseTopKCategoricalAccuracy(yTrue: Labels, yPred: Labels, options: SparseTopKOptions = {}): Tensor {
  const where = 'sparseTopKCategoricalAccuracy';
  const k = checkK(where, options.k ?? 5);
  const given = toTensor(yTrue, where);
  if (options.fromSortedIds === true) {
    const ids = toTensor(yPred, where);
    requireOnePerSample(where, given, given, ids);
    const first = ops.arange(ids.dim(-1)).less(k);
    const found = toDType(given, ids.dtype, where).expandDims(-1).equal(ids).logicalAnd(first);
    return ops.cast(found.any(-1), config.floatx());
  }
  const p = toFloat(yPred, where);
  requireOnePerSample(where, given, given, p);
  return inTopK(toDType(given, 'int32', where), p, k);
}

/** Options of {@link SparseTopKCategoricalAccuracy}. */
export interface SparseTopKCategoricalAccuracyOptions<N extends string = string>
  extends MetricOptions<N>, SparseTopKOptions {}

/** How often the target, a class number, is among the k largest predictions. */
export class SparseTopKCategoricalAccuracy<
  const N extends string = 'sparse_top_k_categorical_accuracy',
> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly k: number;
  readonly fromSortedIds: boolean;

  constructor(options: SparseTopKCategoricalAccuracyOptions<N> = {}) {
    const where = 'SparseTopKCategoricalAccuracy';
    const k = checkK(where, options.k ?? 5);
    const {fromSortedIds = false} = options;
    const base = baseOptions(where, options, 'sparse_top_k_categorical_accuracy', ['k', 'fromSortedIds']);
    super((yTrue, yPred) => sparseTopKCategoricalAccuracy(yTrue, yPred, {k, fromSortedIds}), base);
    this.k = k;
    this.fromSortedIds = fromSortedIds;
  }

  override getConfig(): Config {
    const config = {...super.getConfig(), k: this.k};
    return this.fromSortedIds ? {...config, from_sorted_ids: true} : config;
  }
}
