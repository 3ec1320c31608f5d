import {type DType} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {checkAxis, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toPair, toTensor} from '../ops/convert.js';
import {type Condition} from '../ops/control.js';
import {ops} from '../ops/recorded.js';

// Functions of `ops` under older names or with older defaults.

/** Index of the largest element, along the last axis by default. */
export const argmax = (x: AnyTensorLike, axis = -1): Tensor => ops.argmax(x, axis);
/** Index of the smallest element, along the last axis by default. */
export const argmin = (x: AnyTensorLike, axis = -1): Tensor => ops.argmin(x, axis);
/** Joins along the last axis by default. */
export const concatenate = (tensors: readonly AnyTensorLike[], axis = -1): Tensor => ops.concatenate(tensors, axis);
/** Running sums, along the first axis by default. */
export const cumsum = (x: AnyTensorLike, axis = 0): Tensor => ops.cumsum(x, axis);
/** Running products, along the first axis by default. */
export const cumprod = (x: AnyTensorLike, axis = 0): Tensor => ops.cumprod(x, axis);
/** A new axis of size 1, the last one by default. */
export const expandDims = (x: AnyTensorLike, axis = -1): Tensor => ops.expandDims(x, axis);
export const eye = (size: number, dtype?: DType): Tensor => ops.eye(size, size, {dtype});
export const pow = (x: AnyTensorLike, a: AnyTensorLike): Tensor => ops.power(x, a);
export const permuteDimensions = (x: AnyTensorLike, pattern: readonly number[]): Tensor => ops.transpose(x, pattern);
export const reverse = (x: AnyTensorLike, axes: number | readonly number[]): Tensor => ops.flip(x, axes);
/** Entries of the first axis by index. */
export const gather = (reference: AnyTensorLike, indices: AnyTensorLike): Tensor => ops.take(reference, indices, 0);
/** Each element `rep` times along an axis. */
export const repeatElements = (x: AnyTensorLike, rep: number, axis: number): Tensor => ops.repeat(x, rep, axis);

/** Each row of a matrix n times: (batch, size) -> (batch, n, size). */
export function repeat(x: AnyTensorLike, n: number): Tensor {
  const value: Tensor = toTensor(x, 'repeat');
  if (value.ndim !== 2) throw new ShapeError(`repeat: x must have rank 2, got shape ${show(value.shape)}`);
  return ops.repeat(ops.expandDims(value, 1), n, 1);
}

/** All axes but the first in one. */
export function batchFlatten(x: AnyTensorLike): Tensor {
  const value: Tensor = toTensor(x, 'batchFlatten');
  const size = value.shape.slice(1).reduce<number>((product, n) => product * (n ?? NaN), 1);
  return ops.reshape(value, Number.isNaN(size) ? [value.dim(0), -1] : [-1, size]);
}

/** Dot products of the entries of two batches, over one axis of each: by default the last of x and the second last of y. */
export function batchDot(x: AnyTensorLike, y: AnyTensorLike, axes?: number | readonly [number, number]): Tensor {
  const [a, b] = toPair(x, y, 'batchDot');
  if (a.ndim < 2 || b.ndim < 2 || a.shape[0] !== b.shape[0]) {
    throw new ShapeError(`batchDot: two batches of one size are needed, got ${show(a.shape)} and ${show(b.shape)}`);
  }
  const given = axes ?? [a.ndim - 1, Math.max(b.ndim - 2, 1)];
  const [p, q] = typeof given === 'number' ? [given, given] : given;
  const [i, j] = [checkAxis('batchDot', p, a.ndim), checkAxis('batchDot', q, b.ndim)];
  if (i === 0 || j === 0 || a.shape[i] !== b.shape[j]) {
    throw new ShapeError(
      `batchDot: axes ${String(i)} and ${String(j)} must have one size and not be the batch, got ${show(a.shape)} and ${show(b.shape)}`,
    );
  }
  const letters = 'bcdefghijklm';
  const left = a.shape.map((_, axis) => (axis === 0 ? 'a' : axis === i ? 'z' : letters.charAt(axis)));
  const right = b.shape.map((_, axis) => (axis === 0 ? 'a' : axis === j ? 'z' : letters.charAt(axis).toUpperCase()));
  const rest = [...left, ...right.slice(1)].filter((letter) => letter !== 'z');
  const product = ops.einsum(`${left.join('')},${right.join('')}->${rest.join('')}`, a, b);
  return product.ndim === 1 ? ops.expandDims(product, 1) : product;
}

/** The entries of the first axis taken together from the first to the last: fn(fn(x0, x1), x2) ... */
export function foldl(
  fn: (sum: Tensor, x: Tensor) => Tensor,
  elems: AnyTensorLike,
  initializer?: AnyTensorLike,
): Tensor {
  return folded(fn, ops.unstack(elems, 0), initializer, 'foldl');
}

/** The entries of the first axis taken together from the last to the first. */
export function foldr(
  fn: (sum: Tensor, x: Tensor) => Tensor,
  elems: AnyTensorLike,
  initializer?: AnyTensorLike,
): Tensor {
  return folded(fn, ops.unstack(elems, 0).reverse(), initializer, 'foldr');
}

function folded(
  fn: (sum: Tensor, x: Tensor) => Tensor,
  entries: readonly Tensor[],
  initializer: AnyTensorLike | undefined,
  op: string,
): Tensor {
  const [first, ...rest] = initializer === undefined ? entries : [toTensor(initializer, op), ...entries];
  if (first === undefined) throw new ShapeError(`${op}: an initializer is needed where elems has no entries`);
  return rest.reduce(fn, first);
}

/** `fn` of each entry of the first axis, stacked. */
export const mapFn = (fn: (x: Tensor) => Tensor, elems: AnyTensorLike): Tensor => ops.map(fn, toTensor(elems, 'mapFn'));

function switched<T>(condition: Condition, thenExpression: T | (() => T), elseExpression: T | (() => T)): T {
  const call = (branch: T | (() => T)) => (typeof branch === 'function' ? (branch as () => T) : () => branch);
  return ops.cond(condition, call(thenExpression), call(elseExpression));
}
export {switched as switch};
