import {ShapeError} from '../errors.js';
import {checkAxis, type Shape, show} from '../shape.js';
import {describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toFloatPair, toPair} from './convert.js';
import {matmul} from './linalg.js';
import {expandDims} from './shape.js';

// Sums of products over any axes.

/** The product of sizes; -1 where one is open. */
export function total(shape: Shape): number {
  return shape.includes(null) ? -1 : shape.reduce<number>((product, n) => product * (n ?? 1), 1);
}

const sizes = (shape: Shape): number[] => shape.map((n) => n ?? -1);

/** Which axes are summed over: the last n of a with the first n of b, or two lists of axes. */
export type ContractAxes = number | readonly [number | readonly number[], number | readonly number[]];

/** Sums over pairs of axes; the result has the other axes of a, then those of b. */
export function tensordot(a: AnyTensorLike, b: AnyTensorLike, axes: ContractAxes = 2): Tensor {
  const [x, y] = toPair(a, b, 'tensordot');
  const count = typeof axes === 'number' ? axes : 0;
  const [left, right] =
    typeof axes === 'number'
      ? [Array.from({length: count}, (_, i) => x.ndim - count + i), Array.from({length: count}, (_, i) => i)]
      : [[axes[0]].flat(), [axes[1]].flat()];
  const p = left.map((axis) => checkAxis('tensordot', axis, x.ndim));
  const q = right.map((axis) => checkAxis('tensordot', axis, y.ndim));
  if (p.length !== q.length || p.some((axis, i) => x.shape[axis] !== y.shape[q[i] ?? 0])) {
    throw new ShapeError(
      `tensordot: axes ${describe(axes)} must pair equal sizes, got a ${show(x.shape)} and b ${show(y.shape)}`,
    );
  }
  const freeX = x.shape.map((_, i) => i).filter((i) => !p.includes(i));
  const freeY = y.shape.map((_, i) => i).filter((i) => !q.includes(i));
  const rows = freeX.map((i) => x.shape[i] ?? null);
  const columns = freeY.map((i) => y.shape[i] ?? null);
  const inner = total(p.map((i) => x.shape[i] ?? null));
  const product = matmul(
    x.transpose([...freeX, ...p]).reshape([total(rows), inner]),
    y.transpose([...q, ...freeY]).reshape([inner, total(columns)]),
  );
  return product.reshape([...sizes(rows), ...sizes(columns)]);
}

/** Sums of products over the last axes. */
export function inner(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'inner');
  if (x.ndim === 0 || y.ndim === 0) return x.mul(y);
  return tensordot(x, y, [-1, -1]);
}

/** The sum of the products of all elements. */
export function vdot(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'vdot');
  return matmul(x.reshape([-1]), y.reshape([-1]));
}

/** Each element of a times all of b, as blocks. */
export function kron(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'kron');
  const rank = Math.max(x.ndim, y.ndim);
  // An open size is -1.
  const p = [...new Array<number>(rank - x.ndim).fill(1), ...x.shape.map((n) => n ?? -1)];
  const q = [...new Array<number>(rank - y.ndim).fill(1), ...y.shape.map((n) => n ?? -1)];
  // [a, 1] * [1, b] on every axis
  const left = x.reshape(p.flatMap((n) => [n, 1]));
  const right = y.reshape(q.flatMap((n) => [1, n]));
  return left.mul(right).reshape(p.map((n, i) => (n < 0 || (q[i] ?? 1) < 0 ? -1 : n * (q[i] ?? 1))));
}

/** Euclidean distances between the rows of x and those of y. */
export function cdist(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'cdist');
  return expandDims(x, -2).sub(expandDims(y, -3)).square().sum(-1).sqrt();
}
