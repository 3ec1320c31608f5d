import {config, ops, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/** Options of accuracies among the k best. */
export interface TopKOptions {
  /** How many of the largest predictions count. Default 5. */
  k?: number | undefined;
}

/** k, checked: a positive integer. */
export function checkK(where: string, k: number): number {
  if (!Number.isInteger(k) || k < 1) throw new ValueError(`${where}: k must be a positive integer, got ${describe(k)}`);
  return k;
}

/**
 * 1 where fewer than k predictions are larger than the target's, else 0; ties count for the target, samples with infinite or NaN
 * predictions do not count.
 * @param labels class numbers (int32)
 * @param predictions [..., classes]
 */
export function inTopK(labels: Tensor, predictions: Tensor, k: number): Tensor {
  const target: Tensor = ops.oneHot(labels, predictions.dim(-1), {dtype: 'float32'});
  const own = ops.where(target.greater(0), predictions, -Infinity).max({axis: -1, keepdims: true});
  const larger = ops.sum(ops.cast(predictions.greater(own), 'int32'), -1);
  const usable = predictions.isfinite().all(-1).logicalAnd(own.isfinite().squeeze(-1));
  return ops.cast(larger.less(k).logicalAnd(usable), config.floatx());
}
