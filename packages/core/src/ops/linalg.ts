import {apply} from '../engine/dispatch.js';
import {isComplex} from '../dtype.js';
import {construct} from '../primitives/complex.js';
import * as matmuls from '../primitives/matmul.js';
import {ShapeError} from '../errors.js';
import {show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {imag, real} from './complex.js';
import {type AnyTensorLike, castTo, toPair} from './convert.js';

/** The product of matrices in the last two axes; leading axes broadcast. A vector is a row on the left, a column on the right. */
export function matmul(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [given, other] = toPair(a, b, 'matmul');
  // Bytes are multiplied as int32, as in Keras.
  const bytes = given.dtype === 'int8' && other.dtype === 'int8';
  if (isComplex(given.dtype)) return complexProduct(given, other);
  const [x, y]: [Tensor, Tensor] = bytes ? [castTo(given, 'int32'), castTo(other, 'int32')] : [given, other];
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

// (a + ib)(c + id) = ac - bd + i (ad + bc)
function complexProduct(x: Tensor, y: Tensor): Tensor {
  const [a, b, c, d] = [real(x), imag(x), real(y), imag(y)];
  const re = matmul(a, c).sub(matmul(b, d));
  return apply(construct, [re, matmul(a, d).add(matmul(b, c))], undefined);
}

/** NumPy's dot: the last axis of a with the last but one of b; multiplication for scalars. */
export function dot(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'dot');
  if (x.ndim === 0 || y.ndim === 0) return x.mul(y);
  if (x.ndim <= 2 && y.ndim <= 2) return matmul(x, y);
  if (y.ndim === 1) return matmul(x, y);
  const front = y.transpose([y.ndim - 2, ...y.shape.map((_, i) => i).filter((i) => i !== y.ndim - 2)]);
  const product = matmul(x.reshape([-1, x.dim(-1)]), front.reshape([front.dim(0), -1]));
  return product.reshape([...x.shape.slice(0, -1), ...front.shape.slice(1)].map((n) => n ?? -1));
}

/** Every product of elements of two vectors. */
export function outer(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'outer');
  return x.reshape([-1, 1]).mul(y.reshape([1, -1]));
}
