import {config, ops, type Tensor, tensor, type TensorLike, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/**
 * One-hot rows of integer labels: shape (..., numClasses), of `config.floatx()`. A trailing axis of size 1 is dropped, as in
 * Keras.
 * @param numClasses default: the largest label + 1
 * @throws ValueError for labels outside of 0 to numClasses - 1
 *
 * @example
 * utils.toCategorical([0, 2, 1], 3); // [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
 */
export function toCategorical(y: TensorLike, numClasses?: number): Tensor {
  const op = 'toCategorical';
  const given = tensor(y);
  const labels = given.cast('int32');
  const last = labels.shape.at(-1);
  const flat = labels.ndim > 1 && last === 1 ? labels.squeeze(-1) : labels;
  const largest = flat.size === 0 ? -1 : flat.max().item();
  const smallest = flat.size === 0 ? 0 : flat.min().item();
  const classes = numClasses ?? largest + 1;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ValueError(`${op}: numClasses must be a positive integer, got ${describe(numClasses)}`);
  }
  if (smallest < 0 || largest >= classes) {
    const wrong = smallest < 0 ? smallest : largest;
    throw new ValueError(`${op}: labels must be 0 to ${String(classes - 1)}, got ${String(wrong)}`);
  }
  return ops.oneHot(flat, classes, {dtype: config.floatx()});
}
