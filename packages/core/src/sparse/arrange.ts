import {type Element, isInteger} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {type AnyTensorLike, castTo, toTensor} from '../ops/convert.js';
import {take} from '../ops/nn.js';
import {scatter} from '../ops/indexing.js';
import {nonzero} from '../ops/nonzero.js';
import {segmentSum as sumOf} from '../ops/segment.js';
import {concatenate} from '../ops/shape.js';
import {argsort, isin} from '../ops/sorting.js';
import {checkAxis, checkShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, full, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {indicesOf, keysOf, reorder, requireOneDType, takeValues, toSparse, unlinear} from './create.js';
import {groupsOf} from './groups.js';
import {linear, toWide, whole, type SparseValues} from './parts.js';
import {SparseTensor} from './sparse-tensor.js';

/** Axes in another order (reversed by default); the result is in row-major order. */
export function transpose<E extends Element = number>(
  x: SparseTensor<E>,
  perm?: readonly number[] | null,
): SparseTensor<E> {
  const op = 'sparse.transpose';
  const given = toSparse<E>(x, op);
  const axes = perm ?? given.denseShape.map((_, i) => given.ndim - 1 - i);
  if (axes.length !== given.ndim || !given.denseShape.every((_, i) => axes.includes(i))) {
    throw new ShapeError(`${op}: perm must name each of ${String(given.ndim)} axes once, got ${describe(axes)}`);
  }
  const moved = indicesOf(given).take(toWide(axes, op, 'perm'), 1);
  return reorder(
    SparseTensor.create(
      moved,
      given.values,
      axes.map((i) => given.denseShape[i] ?? 0),
    ),
  );
}

/** The same elements, row-major, in another shape; one size may be -1. */
export function reshape<E extends Element = number>(x: SparseTensor<E>, shape: readonly number[]): SparseTensor<E> {
  const op = 'sparse.reshape';
  const given = toSparse<E>(x, op);
  const size = given.denseShape.reduce((n, k) => n * k, 1);
  const wanted: readonly number[] = Array.isArray(shape) ? (shape as readonly number[]) : [];
  const known = wanted.filter((n) => n !== -1).reduce((n, k) => n * k, 1);
  const sizes = wanted.map((n) => (n === -1 ? size / Math.max(known, 1) : n));
  const isRight =
    sizes.length > 0 &&
    wanted.filter((n) => n === -1).length <= 1 &&
    sizes.every((n) => Number.isInteger(n) && n >= 0) &&
    sizes.reduce((n, k) => n * k, 1) === size;
  if (!isRight) {
    throw new ShapeError(`${op}: shape ${show(given.shape)} does not become ${describe(shape)}`);
  }
  return SparseTensor.create(unlinear(keysOf(given, op), sizes), given.values, sizes);
}

/** A new axis of size 1, by default at the end. */
export function expandDims<E extends Element = number>(x: SparseTensor<E>, axis = -1): SparseTensor<E> {
  const op = 'sparse.expandDims';
  const given = toSparse<E>(x, op);
  const at = checkAxis(op, axis, given.ndim + 1);
  const indices = indicesOf(given);
  const zero = full([given.nnz, 1], 0, 'int64');
  const parts = [indices.at(':', `0:${at}`), zero, indices.at(':', `${at}:`)];
  return SparseTensor.create(concatenate(parts, 1), given.values, [
    ...given.denseShape.slice(0, at),
    1,
    ...given.denseShape.slice(at),
  ]);
}

/** Other sizes that hold all elements; by default the smallest that do. */
export function resetShape<E extends Element = number>(
  x: SparseTensor<E>,
  newShape?: readonly number[],
): SparseTensor<E> {
  const op = 'sparse.resetShape';
  const given = toSparse<E>(x, op);
  const indices = indicesOf(given);
  const least =
    given.nnz === 0
      ? given.denseShape.map(() => 0)
      : Array.from(castTo(indices.max(0), 'float64').data(), (n) => n + 1);
  const sizes = newShape === undefined ? least : checkShape(op, newShape);
  if (sizes.length !== given.ndim || (newShape !== undefined && sizes.some((n, i) => n < (given.denseShape[i] ?? 0)))) {
    throw new ShapeError(
      `${op}: newShape must be at least ${show(given.shape)} in each axis, got ${describe(newShape)}`,
    );
  }
  return SparseTensor.create(indices, given.values, [...sizes]);
}

/** Rows of a tensor with the index of each: what an embedding's gradient is. */
export interface IndexedSlices {
  readonly values: TensorLike;
  /** One for each row of values. */
  readonly indices: Tensor | Tensor<bigint> | readonly number[];
  readonly denseShape?: readonly number[] | undefined;
}

/** Indexed rows without those whose index is among `maskIndices`. */
export function mask(
  x: IndexedSlices,
  maskIndices: Tensor | Tensor<bigint> | readonly number[],
): {values: Tensor; indices: Tensor<bigint>; denseShape: readonly number[] | undefined} {
  const op = 'sparse.mask';
  const values: Tensor = toTensor(x.values, op);
  const indices = toWide(x.indices, op, 'indices');
  if (values.ndim < 1 || indices.ndim !== 1 || values.dim(0) !== indices.dim(0)) {
    throw new ShapeError(
      `${op}: an index for each row of values is needed, got values ${show(values.shape)} and indices ${show(indices.shape)}`,
    );
  }
  const masked = toWide(maskIndices, op, 'maskIndices').reshape([-1]);
  const kept = nonzero(isin(indices, masked, {invert: true}))[0] as Tensor;
  return {
    values: values.take(kept, 0),
    indices: castTo<bigint>(indices.take(kept, 0), 'int64'),
    denseShape: x.denseShape,
  };
}

/** With an element of `defaultValue` at the start of every row that has none, and which rows these were. */
export function fillEmptyRows<E extends Element = number>(
  x: SparseTensor<E>,
  defaultValue: SparseValues<E>,
): [filled: SparseTensor<E>, emptyRows: Tensor<boolean>] {
  const op = 'sparse.fillEmptyRows';
  const given = toSparse<E>(x, op);
  const fill = convertLike(defaultValue, given.dtype, op);
  requireOneDType(op, [given, fill]);
  if (fill.size !== 1) throw new ShapeError(`${op}: defaultValue must be one element, got shape ${show(fill.shape)}`);
  const nrows = given.denseShape[0] ?? 0;
  const rows = indicesOf(given).at(':', 0);
  const isEmpty = scatter(rows.reshape([-1, 1]), rows.onesLike(), [nrows]).equal(0);
  const [missing] = nonzero(isEmpty);
  const added = castTo(missing ?? rows, 'int64');
  const all = concatenate([rows, added]);
  const first = concatenate([added.reshape([-1, 1]), full([added.size, given.ndim - 1], 0, 'int64')], 1);
  const values = [given.values, fill.reshape([1]).broadcastTo([added.size])] as unknown[] as Tensor[];
  const order = argsort(all);
  const joined: Tensor<Element> = concatenate(values);
  return [
    SparseTensor.create(
      concatenate([indicesOf(given), first]).take(order, 0),
      takeValues(joined as Tensor<E>, order),
      given.denseShape,
    ),
    isEmpty,
  ];
}

/** For sets of integers, rows of a sparse tensor: which of 0 to vocabSize - 1 each row has. The last axis is replaced. */
export function toIndicator(x: SparseTensor | SparseTensor<bigint>, vocabSize: number): Tensor<boolean> {
  const op = 'sparse.toIndicator';
  const given = toSparse(x, op);
  if (!isInteger(given.dtype)) throw new DtypeError(`${op}: values must be integers, got ${given.dtype}`);
  if (!Number.isInteger(vocabSize) || vocabSize < 1) {
    throw new ValueError(`${op}: vocabSize must be a positive integer, got ${describe(vocabSize)}`);
  }
  const values = castTo(given.values, 'int64');
  if (values.less(0).logicalOr(values.greaterEqual(vocabSize)).any().item()) {
    throw new ValueError(`${op}: values must be from 0 to ${String(vocabSize - 1)}, the vocabSize less 1`);
  }
  const shape = [...given.denseShape.slice(0, -1), vocabSize];
  const at = concatenate([indicesOf(given).at('...', ':-1'), values.reshape([-1, 1])], 1);
  const found = scatter(at, values.onesLike(), shape);
  return found.greater(0);
}

export interface SegmentOptions {
  /** Default: the last id + 1. */
  numSegments?: number | undefined;
}

function rowsOf(data: AnyTensorLike, indices: unknown, segmentIds: unknown, options: SegmentOptions, op: string) {
  checkOptions(op, options, ['numSegments']);
  const rows: Tensor = toTensor(data, op);
  const at = toWide(indices, op, 'indices');
  const ids = toWide(segmentIds, op, 'segmentIds');
  if (rows.ndim < 1 || at.ndim !== 1 || ids.ndim !== 1 || at.size !== ids.size) {
    throw new ShapeError(
      `${op}: indices and segmentIds must be lists of one length, got ${show(at.shape)} and ${show(ids.shape)}`,
    );
  }
  if (ids.size > 0 && (whole(ids.at(0)) < 0 || ids.at('1:').less(ids.at(':-1')).any().item())) {
    throw new ValueError(`${op}: segmentIds must ascend from 0 or more`);
  }
  const last = ids.size === 0 ? -1 : whole(ids.at(-1));
  const numSegments = options.numSegments ?? last + 1;
  if (!Number.isInteger(numSegments) || numSegments <= last) {
    throw new ValueError(
      `${op}: numSegments must be larger than every id (${String(last)}), got ${describe(numSegments)}`,
    );
  }
  const sums = sumOf(take(rows, at, 0), ids, {numSegments});
  const counts = scatter(ids.reshape([-1, 1]), ids.onesLike(), [numSegments]).maximum(1);
  const shape = [numSegments, ...rows.shape.slice(1).map(() => 1)];
  return {sums, counts: () => castTo(counts, sums.dtype).reshape(shape)};
}

type List = Tensor | Tensor<bigint> | readonly number[];

/** Sums of the rows of `data` at `indices`, by ascending segment id. */
export function segmentSum(data: AnyTensorLike, indices: List, segmentIds: List, options: SegmentOptions = {}): Tensor {
  return rowsOf(data, indices, segmentIds, options, 'sparse.segmentSum').sums;
}

/** Means of the rows of `data` at `indices`, by ascending segment id; 0 without rows. */
export function segmentMean(
  data: AnyTensorLike,
  indices: List,
  segmentIds: List,
  options: SegmentOptions = {},
): Tensor {
  const {sums, counts} = rowsOf(data, indices, segmentIds, options, 'sparse.segmentMean');
  return sums.div(counts());
}

/** Sums of the rows of `data` at `indices` divided by the root of their number, by ascending segment id. */
export function segmentSqrtN(
  data: AnyTensorLike,
  indices: List,
  segmentIds: List,
  options: SegmentOptions = {},
): Tensor {
  const {sums, counts} = rowsOf(data, indices, segmentIds, options, 'sparse.segmentSqrtN');
  return sums.div(counts().sqrt());
}

export interface BincountOptions {
  /** What each value counts, in the shape of the values. Default 1. */
  weights?: TensorLike | null | undefined;
  /** Size of the last axis at least. Default 0. */
  minlength?: number | null | undefined;
  /** Size of the last axis at most; larger values are left out. Default: no limit. */
  maxlength?: number | null | undefined;
  /** -1 counts each row of a matrix by itself, 0 all together. Default 0. */
  axis?: 0 | -1 | undefined;
  /** Whether to tell only which values occur. Default false. */
  binaryOutput?: boolean | undefined;
}

/** How often each non-negative integer occurs, as a sparse tensor: int32, or the dtype of the weights. */
export function bincount(values: AnyTensorLike, options: BincountOptions = {}): SparseTensor {
  const op = 'sparse.bincount';
  checkOptions(op, options, ['weights', 'minlength', 'maxlength', 'axis', 'binaryOutput']);
  const {axis = 0, binaryOutput = false, minlength, maxlength} = options;
  const given = toWide(values, op, 'values');
  const isRows = axis === -1 && given.ndim === 2;
  if (given.ndim < 1 || given.ndim > 2)
    throw new ShapeError(`${op}: values must have rank 1 or 2, got ${show(given.shape)}`);
  if (given.size > 0 && whole(given.min()) < 0) throw new ValueError(`${op}: values must not be negative`);
  const weights = options.weights === undefined || options.weights === null ? null : toTensor(options.weights, op);
  if (weights !== null && show(weights.shape) !== show(given.shape)) {
    throw new ShapeError(
      `${op}: weights must have the shape of values, got ${show(weights.shape)} and ${show(given.shape)}`,
    );
  }
  if (weights !== null && binaryOutput) throw new ValueError(`${op}: weights and binaryOutput exclude each other`);
  const flat = given.reshape([-1]);
  const limit = maxlength ?? Infinity;
  const most = given.size === 0 ? 0 : Math.min(whole(flat.max()) + 1, limit);
  const size = Math.max(most, Math.min(minlength ?? 0, limit));
  const kept = nonzero(flat.less(most))[0] as Tensor;
  const rowIds = isRows ? kept.floorDivide(given.dim(1)).cast('int64') : null;
  const chosen = flat.take(kept, 0);
  const shape = isRows ? [given.dim(0), size] : [size];
  const keys =
    rowIds === null
      ? chosen
      : linear(concatenate([castTo(rowIds, 'int64').reshape([-1, 1]), chosen.reshape([-1, 1])], 1), shape, op);
  const {keys: found, ids, count} = groupsOf(keys);
  const each = weights === null ? full([kept.size], 1, 'int32') : weights.reshape([-1]).take(kept, 0);
  const sums = sumOf(each, ids, {numSegments: count});
  return SparseTensor.create(unlinear(found, shape), binaryOutput ? sums.onesLike() : sums, shape);
}
