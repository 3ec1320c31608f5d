import {apply} from '../engine/dispatch.js';
import * as matmuls from '../primitives/matmul.js';
import {ShapeError} from '../errors.js';
import {show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toFloat, toPair} from './convert.js';
import {type Axis} from './reduction.js';

/** The product of matrices in the last two axes; leading axes broadcast. A vector is a row on the left, a column on the right. */
export function matmul(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'matmul');
  if (x.ndim > 1 && y.ndim > 1) return apply(matmuls.matmul, [x, y], undefined);
  if (x.ndim === 0 || y.ndim === 0) {
    throw new ShapeError(`matmul: a and b must have rank 1 or more, got a ${show(x.shape)} and b ${show(y.shape)}`);
  }
  if (x.shape.at(-1) !== y.shape.at(y.ndim === 1 ? 0 : -2)) {
    throw new ShapeError(`matmul: inner dimensions must match, got a ${show(x.shape)} and b ${show(y.shape)}`);
  }
  const left = x.ndim === 1 ? x.reshape([1, -1]) : x;
  const right = y.ndim === 1 ? y.reshape([-1, 1]) : y;
  const product: Tensor = apply(matmuls.matmul, [left, right], undefined);
  const squeezed = y.ndim === 1 ? product.squeeze(-1) : product;
  return x.ndim === 1 ? squeezed.squeeze(y.ndim === 1 ? -1 : -2) : squeezed;
}

/** NumPy's dot: matmul for matrices, the inner product for vectors, multiplication for scalars. */
export function dot(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'dot');
  if (x.ndim === 0 || y.ndim === 0) return x.mul(y);
  return matmul(x, y);
}

/** Every product of elements of two vectors. */
export function outer(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'outer');
  return x.reshape([-1, 1]).mul(y.reshape([1, -1]));
}

/** Euclidean length over axes. */
export function norm(x: AnyTensorLike, axis?: Axis): Tensor {
  return toFloat(x, 'norm').square().sum(axis).sqrt();
}
