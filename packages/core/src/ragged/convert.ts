import {DTYPES, type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {castTo} from '../ops/convert.js';
import {where} from '../ops/elementwise.js';
import {booleanMask, scatterUpdate} from '../ops/indexing.js';
import {take} from '../ops/nn.js';
import {broadcastTo, concatenate, stack} from '../ops/shape.js';
import {type Shape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {SparseTensor} from '../sparse/sparse-tensor.js';
import {coordinates} from './broadcast.js';
import {fromNestedRowLengths, fromRowLengths, type IntegersLike} from './create.js';
import {counting, occurrences, RowPartition, whole} from './partition.js';
import {RaggedTensor, type Rows} from './ragged-tensor.js';
import {integers, toRagged, toRows, typed, withRaggedRank} from './rows.js';

export interface ToTensorOptions<E extends Element = number> {
  /** What stands where rows have no element: one value, or a tensor of the shape of the regular axes behind. Default 0, false or ''. */
  defaultValue?: TensorLike<E> | null | undefined;
  /** Sizes of the result; null for an axis as long as its longest row. Longer rows are cut. Default: null throughout. */
  shape?: Shape | null | undefined;
}

/** All rows in one tensor, filled up to one length. */
export function toTensor<E extends Element = number>(x: RaggedTensor<E>, options: ToTensorOptions<E> = {}): Tensor<E> {
  const op = 'ragged.toTensor';
  const given = toRagged<E>(x, op);
  checkOptions(op, options, ['defaultValue', 'shape']);
  const shape = options.shape ?? given.shape.map(() => null);
  const isSize = (n: unknown) => n === null || (Number.isInteger(n) && Number(n) >= 0);
  if (!Array.isArray(shape) || shape.length !== given.ndim || !shape.every(isSize)) {
    throw new ShapeError(
      `${op}: shape must have a size or null for each of ${String(given.ndim)} axes, got ${describe(shape)}`,
    );
  }
  const {dtype} = given;
  const fallback = options.defaultValue ?? (dtype === 'string' ? '' : 0);
  const fill = convertLike(fallback, dtype, op);
  if (fill.dtype !== dtype) {
    throw new ValueError(`${op}: defaultValue must be ${dtype} as the values are, got ${fill.dtype}`);
  }
  const rest = given.flatValues.shape.slice(1);
  if (fill.ndim > rest.length) {
    throw new ShapeError(
      `${op}: defaultValue must broadcast to the regular axes behind, ${show(rest)}, got shape ${show(fill.shape)}`,
    );
  }
  shape.slice(given.raggedRank + 1).forEach((n: number | null, i: number) => {
    if (n === null || n === rest[i]) return;
    throw new ShapeError(`${op}: regular axes keep their sizes ${show(rest)}, got shape ${show(shape as Shape)}`);
  });
  return densified(given, fill, shape as Shape);
}

function densified<E extends Element>(x: RaggedTensor<E>, fill: Tensor<Element>, shape: Shape): Tensor<E> {
  const {partition, values} = x;
  const rows = values instanceof RaggedTensor ? densified(values, fill, [null, ...shape.slice(2)]) : values;
  const rowShape = rows.shape.slice(1).map(Number);
  const length = shape[1] ?? partition.longest;
  const count = shape[0] ?? partition.nrows;
  const {kind} = DTYPES[rows.dtype];
  const isWhole = length >= partition.longest && count === partition.nrows;
  if (isWhole && (kind === 'float' || kind === 'int' || kind === 'uint')) {
    return placed(rows, partition, fill, [count, length, ...rowShape]);
  }
  const filler = typed<E>(broadcastTo(fill, rowShape)).expandDims(0);
  // One more row at the end is what stands where there is none.
  const padded = concatenate([rows as Tensor<Element>, filler as Tensor<Element>] as Tensor[]);
  const columns = counting(length).reshape([1, length]);
  const kept = Math.min(count, partition.nrows);
  const starts = partition.starts.at(slice(0, kept)).reshape([kept, 1]);
  const lengths = partition.lengths.at(slice(0, kept)).reshape([kept, 1]);
  const inside = where(columns.less(lengths), columns.add(starts), partition.nvals);
  const beyond = counting((count - kept) * length)
    .mul(0)
    .add(partition.nvals)
    .reshape([count - kept, length]);
  const at = count === kept ? inside : concatenate([inside, beyond]);
  return typed<E>(take(padded, at, 0));
}

/** All values written to their places. */
function placed<E extends Element>(
  rows: Tensor<E>,
  partition: RowPartition,
  fill: Tensor<Element>,
  shape: readonly number[],
): Tensor<E> {
  const [count = 0, length = 0, ...rest] = shape;
  const moved = counting(count).mul(length).sub(partition.starts);
  const at = counting(partition.nvals).add(partition.spread(moved)).reshape([-1, 1]);
  const flat = [count * length, ...rest];
  const base = broadcastTo(fill, flat);
  const made: Tensor<Element> = scatterUpdate(base, at, rows);
  return typed<E>(made).reshape([...shape]);
}

export interface FromTensorOptions<E extends Element = number> {
  /** How many elements of each row to keep: a list, or a list of lists for several ragged axes. Default: all. */
  lengths?: IntegersLike | readonly IntegersLike[] | null | undefined;
  /** Rows end behind their last element that differs from this. Default: none is cut off. */
  padding?: TensorLike<E> | null | undefined;
  /** How many axes become ragged. Default 1. */
  raggedRank?: number | undefined;
}

/** The rows of a tensor of rank 2 or more, whole or cut. */
export function fromTensor<E extends Element = number>(
  x: Tensor<E> | NoInfer<TensorLike<E>>,
  options: NoInfer<FromTensorOptions<E>> = {},
): RaggedTensor<E> {
  const op = 'ragged.fromTensor';
  checkOptions(op, options, ['lengths', 'padding', 'raggedRank']);
  const value = typed<E>(toRows(x, op) as Tensor<Element>);
  if (!isTensor(value)) throw new ValueError(`${op}: a tensor is needed, got ${describe(x)}`);
  const lengths = options.lengths ?? null;
  const padding = options.padding ?? null;
  if (lengths !== null && padding !== null) throw new ValueError(`${op}: lengths and padding exclude each other`);
  const isNested = Array.isArray(lengths) && lengths.some((each) => typeof each === 'object');
  const depth = isNested ? (lengths as readonly unknown[]).length : 1;
  const rank = options.raggedRank ?? depth;
  if (!Number.isInteger(rank) || rank < 1 || rank >= value.ndim || (isNested && rank !== depth)) {
    throw new ValueError(
      `${op}: raggedRank must be ${isNested ? `that of lengths, ${String(depth)}` : `from 1 to ${String(value.ndim - 1)}`} for a tensor of shape ${show(value.shape)}, got ${describe(rank)}`,
    );
  }
  if (isNested) return fromLists(value, lengths as readonly IntegersLike[], op);
  const outer = withRaggedRank(value, rank, op) as RaggedTensor<E>;
  if (lengths === null && padding === null) return outer;
  const [n, m = 0, ...rest] = [
    value.shape.slice(0, rank).reduce<number>((size, k) => size * Number(k), 1),
    ...value.shape.slice(rank).map(Number),
  ];
  const rows = value.reshape([n, m, ...rest]);
  const kept = lengths !== null ? integers(lengths, op, 'lengths') : paddedLengths(rows, padding, op);
  if (kept.ndim !== 1 || kept.size !== n) {
    throw new ShapeError(`${op}: a length for each of ${String(n)} rows is needed, got shape ${show(kept.shape)}`);
  }
  const clipped = kept.maximum(0).minimum(m);
  const inside = counting(m)
    .reshape([1, m])
    .less(clipped.reshape([n, 1]));
  const values = typed<E>(booleanMask(rows, inside));
  let made: Rows<E> = fromRowLengths(values, clipped);
  for (const {nrows} of [...outer.partitions].slice(0, -1).reverse()) {
    made = RaggedTensor.create(made, RowPartition.uniform(nrows === 0 ? 0 : made.length / nrows, nrows));
  }
  return made;
}

/** How long each row is up to its last entry that is not padding. */
function paddedLengths(rows: Tensor<Element>, padding: unknown, op: string): Tensor {
  const pad = convertLike(padding, rows.dtype, op);
  const entry = rows.shape.slice(2);
  if (pad.ndim > entry.length) {
    throw new ShapeError(
      `${op}: padding must be one value or have the shape of an entry, ${show(entry)}, got shape ${show(pad.shape)}`,
    );
  }
  const [n = 0, m = 0] = rows.shape.map(Number);
  if (n * m === 0) return counting(n).mul(0);
  const size = entry.reduce<number>((count, k) => count * Number(k), 1);
  const used = (rows as Tensor)
    .notEqual(pad as Tensor)
    .reshape([n, m, size])
    .any(2);
  return where(used, counting(m).add(1).reshape([1, m]), 0).max(1);
}

function fromLists<E extends Element>(value: Tensor<E>, lists: readonly IntegersLike[], op: string): RaggedTensor<E> {
  const total = whole(integers(lists.at(-1), op, 'lengths').sum());
  const flags = fromNestedRowLengths<boolean>(typed<boolean>(castTo(counting(total).add(1), 'bool')), lists);
  const mask = toTensor(flags, {shape: [...value.shape.slice(0, lists.length + 1)]});
  if (flags.boundingShape.some((n, i) => n > value.dim(i))) {
    throw new ShapeError(
      `${op}: lengths of shape ${show(flags.boundingShape)} do not fit into a tensor of shape ${show(value.shape)}`,
    );
  }
  return fromNestedRowLengths(typed<E>(booleanMask(value as Tensor<Element> as Tensor, mask)), lists);
}

/** The elements with their indices. All axes are kept, regular ones too. */
export function toSparse<E extends Element = number>(x: RaggedTensor<E>): SparseTensor<E> {
  const given = withRaggedRank<E>(toRagged<E>(x, 'ragged.toSparse'), x.ndim - 1, 'ragged.toSparse') as RaggedTensor<E>;
  const flat = given.flatValues;
  const indices = stack(coordinates(given.partitions, counting(flat.size)), 1);
  return SparseTensor.create(indices, flat, given.boundingShape);
}

/** The rows of a sparse matrix whose elements begin each row without gaps. */
export function fromSparse<E extends Element = number>(x: SparseTensor<E>): RaggedTensor<E> {
  const op = 'ragged.fromSparse';
  if (!(x instanceof SparseTensor)) throw new ValueError(`${op}: a SparseTensor is needed, got ${describe(x)}`);
  const given = x;
  if (given.ndim !== 2) throw new ShapeError(`${op}: rank 2 is needed, got shape ${show(given.denseShape)}`);
  const indices = castTo(given.indices, 'int64');
  const partition = RowPartition.fromLengths(occurrences(indices.at(':', 0), given.denseShape[0] ?? 0));
  const isOrdered = indices.at(':', 0).equal(partition.rowIds).all().item();
  if (!isOrdered || !indices.at(':', 1).equal(partition.offsets).all().item()) {
    throw new ValueError(`${op}: the elements of each row must stand in order, without gaps, from column 0 on`);
  }
  return RaggedTensor.create(given.values, partition);
}
