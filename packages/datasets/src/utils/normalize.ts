import {ops, type Tensor, tensor, type TensorLike, ValueError} from '@keratin/core';
import {checkAxis, describe, isFloating} from '@keratin/core/internal';

/**
 * Divides by the norms along an axis: `x / ||x||`; vectors of zeros stay.
 *
 * @param axis default the last
 * @param order of the norm, at least 1; 2 is the Euclidean one
 *
 * @example
 * utils.normalize([[3, 4], [0, 0]]); // [[0.6, 0.8], [0, 0]]
 */
export function normalize(x: TensorLike, axis = -1, order = 2): Tensor {
  const op = 'normalize';
  const given = tensor(x);
  const value = isFloating(given.dtype) ? given : given.cast('float32');
  const at = checkAxis(op, axis, value.ndim);
  if (!(order >= 1)) throw new ValueError(`${op}: order must be a number of at least 1, got ${describe(order)}`);
  const norms =
    order === Infinity
      ? value.abs().max({axis: at, keepdims: true})
      : value
          .abs()
          .pow(order)
          .sum({axis: at, keepdims: true})
          .pow(1 / order);
  return value.div(ops.where(norms.equal(0), norms.onesLike(), norms));
}
