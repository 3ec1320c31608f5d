import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {type AnyTensorLike, castTo} from '../ops/convert.js';
import {divide, maximum as larger, minimum as smaller, multiply} from '../ops/elementwise.js';
import {gatherNd, scatter} from '../ops/indexing.js';
import {nonzero} from '../ops/nonzero.js';
import {concatenate} from '../ops/shape.js';
import {checkAxis, sameShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {broadcastTo} from '../ops/shape.js';
import {indicesOf, keysOf, pick, reorder, requireOneDType, toSparse, unlinear} from './create.js';
import {groupsOf} from './groups.js';
import {toWide, type SparseValues} from './parts.js';
import {isSparse, SparseTensor} from './sparse-tensor.js';

const numbers = (x: SparseTensor<Element>): Tensor => x.values as Tensor;
const retyped = <E extends Element>(x: SparseTensor<Element>): SparseTensor<E> => x as SparseTensor<E>;
const retypedTensor = <E extends Element>(x: Tensor<Element>): Tensor<E> => x as Tensor<E>;

function requireOneShape(op: string, a: SparseTensor<Element>, b: {readonly shape: readonly (number | null)[]}): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError(`${op}: operands must have one shape, got ${show(a.shape)} and ${show(b.shape)}`);
}

export interface AddOptions {
  /** Sums of smaller magnitude are left out. Default 0: none is. */
  threshold?: number | undefined;
}

/** The sum: sparse of two sparse tensors, dense where one of them is dense. Shapes must agree. */
export function add<E extends Element = number>(
  a: SparseTensor<E>,
  b: SparseTensor<E>,
  options?: AddOptions,
): SparseTensor<E>;
export function add<E extends Element = number>(
  a: SparseTensor<E> | SparseValues<E>,
  b: SparseTensor<E> | SparseValues<E>,
  options?: AddOptions,
): Tensor<E>;
export function add<E extends Element = number>(
  a: SparseTensor<E> | SparseValues<E>,
  b: SparseTensor<E> | SparseValues<E>,
  options: AddOptions = {},
): SparseTensor<E> | Tensor<E> {
  const op = 'sparse.add';
  checkOptions(op, options, ['threshold']);
  if (isSparse(a) && isSparse(b)) return retyped<E>(sumOf(a, b, options.threshold ?? 0, op));
  const [one, other] = isSparse(a) ? [a, b] : [toSparse<Element>(b, op), a];
  const dense = convertLike(other, one.dtype, op);
  requireOneDType(op, [one, dense]);
  requireOneShape(op, one, dense);
  return retypedTensor(scatter(one.indices, numbers(one), one.denseShape).add(dense as Tensor));
}

function sumOf(
  a: SparseTensor<Element>,
  b: SparseTensor<Element>,
  threshold: number,
  op: string,
): SparseTensor<Element> {
  const {shape, keys, parts, count} = union(a, b, op);
  const [x, y] = parts;
  const values = x.add(y);
  if (threshold === 0 || count === 0) return SparseTensor.create(unlinear(keys, shape), values, shape);
  const kept = nonzero(values.abs().greaterEqual(threshold))[0] as Tensor;
  return SparseTensor.create(unlinear(keys.take(kept, 0), shape), values.take(kept, 0), shape);
}

/** The places of both, ascending, and the elements of each there: 0 where it has none. */
function union(a: SparseTensor<Element>, b: SparseTensor<Element>, op: string) {
  requireOneDType(op, [a, b]);
  requireOneShape(op, a, b);
  const shape = a.denseShape;
  const {keys, ids, count} = groupsOf(concatenate([keysOf(a, op), keysOf(b, op)]));
  const at = ids.reshape([-1, 1]);
  const parts: [Tensor, Tensor] = [
    scatter(at.at(`:${a.nnz}`), numbers(a), [count]),
    scatter(at.at(`${a.nnz}:`), numbers(b), [count]),
  ];
  return {shape, keys, count, parts};
}

function extreme<E extends Element>(
  op: string,
  fn: typeof larger,
  a: SparseTensor<E>,
  b: SparseTensor<E>,
): SparseTensor<E> {
  const {shape, keys, parts} = union(toSparse<E>(a, op), toSparse<E>(b, op), op);
  return retyped<E>(SparseTensor.create<Element>(unlinear(keys, shape), fn(...parts), shape));
}

/** The larger of two elements, at each place where either has one; the other counts as 0. */
export const maximum = <E extends Element = number>(a: SparseTensor<E>, b: SparseTensor<E>): SparseTensor<E> =>
  extreme('sparse.maximum', larger, a, b);

/** The smaller of two elements, at each place where either has one; the other counts as 0. */
export const minimum = <E extends Element = number>(a: SparseTensor<E>, b: SparseTensor<E>): SparseTensor<E> =>
  extreme('sparse.minimum', smaller, a, b);

function scaled<E extends Element>(
  op: string,
  fn: (a: AnyTensorLike, b: AnyTensorLike) => Tensor,
  x: SparseTensor<E>,
  by: SparseValues<E>,
): SparseTensor<E> {
  const given = toSparse<E>(x, op);
  const factor = convertLike(by, given.dtype, op);
  requireOneDType(op, [given, factor]);
  if (factor.ndim === 0) return retyped<E>(given.withValues<Element>(fn(given.values, factor)));
  const there = gatherNd(broadcastTo(factor, given.denseShape), given.indices);
  return retyped<E>(given.withValues<Element>(fn(given.values, there)));
}

/** Each element times a number, or times a tensor that broadcasts to the shape. */
export const multiplyBy = <E extends Element = number>(x: SparseTensor<E>, by: SparseValues<E>): SparseTensor<E> =>
  scaled('sparse.multiply', multiply, x, by);

/** Each element divided by a number, or by a tensor that broadcasts to the shape. */
export const divideBy = <E extends Element = number>(x: SparseTensor<E>, by: SparseValues<E>): SparseTensor<E> =>
  scaled('sparse.divide', divide, x, by);

export {multiplyBy as multiply, divideBy as divide};

/** The elements where a list of booleans, one for each, is true. */
export function retain<E extends Element = number>(x: SparseTensor<E>, toRetain: TensorLike<boolean>): SparseTensor<E> {
  const op = 'sparse.retain';
  const given = toSparse<E>(x, op);
  const flags = convertLike(toRetain, 'bool', op);
  if (flags.dtype !== 'bool' || flags.ndim !== 1 || flags.dim(0) !== given.nnz) {
    throw new ShapeError(
      `${op}: a boolean for each of ${String(given.nnz)} elements is needed, got ${flags.dtype} of shape ${show(flags.shape)}`,
    );
  }
  return pick(given, nonzero(flags as Tensor<boolean>)[0] as Tensor);
}

/** The block of `size` from `start` on; what is outside of the tensor is left out. */
export function slice<E extends Element = number>(
  x: SparseTensor<E>,
  start: readonly number[],
  size: readonly number[],
): SparseTensor<E> {
  const op = 'sparse.slice';
  const given = toSparse<E>(x, op);
  const isSizes = (list: unknown) =>
    Array.isArray(list) && list.length === given.ndim && list.every((n) => Number.isInteger(n) && Number(n) >= 0);
  if (!isSizes(start) || !isSizes(size)) {
    throw new ValueError(
      `${op}: start and size must be a non-negative integer for each of ${String(given.ndim)} axes, got ${describe(start)} and ${describe(size)}`,
    );
  }
  const shape = given.denseShape.map((n, i) => Math.max(Math.min(size[i] ?? 0, n - (start[i] ?? 0)), 0));
  const moved = indicesOf(given).sub(toWide(start, op, 'start'));
  const inside = moved.greaterEqual(0).logicalAnd(moved.less(toWide(shape, op, 'size')));
  const kept = nonzero(inside.all(1))[0] as Tensor;
  const {values} = pick(given, kept);
  return SparseTensor.create(moved.take(kept, 0), values, shape);
}

export interface ConcatOptions {
  /** Whether the other axes may differ: the result has the largest sizes. Default false. */
  expandNonconcatDims?: boolean | undefined;
}

/** Joins sparse tensors along an axis; the result is in row-major order. */
export function concat<E extends Element = number>(
  xs: readonly SparseTensor<E>[],
  axis = 0,
  options: ConcatOptions = {},
): SparseTensor<E> {
  const op = 'sparse.concat';
  checkOptions(op, options, ['expandNonconcatDims']);
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ValueError(`${op}: a list of at least one SparseTensor is needed, got ${describe(xs)}`);
  }
  const list = xs.map((x: unknown) => toSparse<E>(x, op));
  const [first] = list as [SparseTensor<E>];
  const at = checkAxis(op, axis, first.ndim);
  requireOneDType(op, list);
  for (const other of list) {
    const agree =
      other.ndim === first.ndim &&
      (options.expandNonconcatDims === true || other.denseShape.every((n, i) => i === at || n === first.denseShape[i]));
    if (!agree) {
      throw new ShapeError(
        `${op}: all axes but axis ${String(axis)} must agree, got shapes ${show(first.shape)} and ${show(other.shape)}`,
      );
    }
  }
  let start = 0;
  const moved = list.map((x) => {
    const shift = toWide(
      first.denseShape.map((_, i) => (i === at ? start : 0)),
      op,
      'shift',
    );
    start += x.denseShape[at] ?? 0;
    return indicesOf(x).add(shift);
  });
  const shape = first.denseShape.map((_, i) => (i === at ? start : Math.max(...list.map((x) => x.denseShape[i] ?? 0))));
  const values = concatenate(list.map(numbers));
  return reorder(retyped<E>(SparseTensor.create<Element>(concatenate(moved), values, shape)));
}

/** Parts along an axis; where it does not divide evenly, the first ones are longer by one. */
export function split<E extends Element = number>(x: SparseTensor<E>, numSplit: number, axis = 0): SparseTensor<E>[] {
  const op = 'sparse.split';
  const given = toSparse<E>(x, op);
  const at = checkAxis(op, axis, given.ndim);
  const n = given.denseShape[at] ?? 0;
  if (!Number.isInteger(numSplit) || numSplit < 1 || numSplit > n) {
    throw new ValueError(
      `${op}: numSplit must be from 1 to ${String(n)}, the size of axis ${String(axis)}, got ${describe(numSplit)}`,
    );
  }
  const size = Math.floor(n / numSplit);
  const longer = n % numSplit;
  return Array.from({length: numSplit}, (_, i) => {
    const start = given.denseShape.map((__, k) => (k === at ? i * size + Math.min(i, longer) : 0));
    const sizes = given.denseShape.map((full, k) => (k === at ? size + Number(i < longer) : full));
    return slice(given, start, sizes);
  });
}

/** A function of the values, such as `ops.square`; several sparse tensors must have the same indices. */
export function mapValues<E extends Element = number>(
  fn: (...values: Tensor[]) => Tensor<E>,
  ...args: readonly (SparseTensor<Element> | AnyTensorLike)[]
): SparseTensor<E> {
  const op = 'sparse.mapValues';
  const given: readonly unknown[] = args;
  const list = given.filter(isSparse);
  const [first] = list;
  if (first === undefined) throw new ValueError(`${op}: at least one SparseTensor is needed`);
  for (const other of list) {
    const agree =
      sameShape(first.shape, other.shape) &&
      first.nnz === other.nnz &&
      (first.indices === other.indices || castTo<boolean>(first.indices.equal(other.indices), 'bool').all().item());
    if (!agree) throw new ShapeError(`${op}: all sparse tensors must have the same indices and shape`);
  }
  const made: unknown = fn(...(given.map((x) => (isSparse(x) ? x.values : x)) as Tensor[]));
  if (!isTensor(made) || made.ndim !== 1 || made.dim(0) !== first.nnz) {
    throw new ShapeError(
      `${op}: the function must return a tensor of ${String(first.nnz)} values, got ${isTensor(made) ? `shape ${show(made.shape)}` : describe(made)}`,
    );
  }
  return SparseTensor.create(indicesOf(first), retypedTensor<E>(made), first.denseShape);
}
