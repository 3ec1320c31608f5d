import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {arange} from '../ops/create.js';
import {toPair} from '../ops/convert.js';
import {where} from '../ops/elementwise.js';
import {concatenate, flip, stack as stackTensors, tile as tileTensor} from '../ops/shape.js';
import {checkAxes, checkAxis, show} from '../shape.js';
import {describe} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {expandAxis} from './axes.js';
import {counting, RowPartition} from './partition.js';
import {isRagged, RaggedTensor, type Rows} from './ragged-tensor.js';
import {
  type AnyRowsLike,
  joinRows,
  raggedRankOf,
  type RowsLike,
  takeRows,
  toRagged,
  toRows,
  typed,
  typedRows,
  withRaggedRank,
} from './rows.js';

function listOf(xs: readonly AnyRowsLike[], op: string): Rows<Element>[] {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ValueError(`${op}: a list of at least one tensor is needed, got ${describe(xs)}`);
  }
  const first = (xs as readonly unknown[]).find((x): x is Rows<Element> => isRagged(x) || isTensor(x));
  const rows = xs.map((x: AnyRowsLike) => toRows(x, op, first?.dtype));
  const [head] = rows;
  for (const each of rows) {
    if (head !== undefined && (each.ndim !== head.ndim || each.dtype !== head.dtype)) {
      throw new ShapeError(
        `${op}: all must have one rank and one dtype, got ${head.dtype} of shape ${show(head.shape)} and ${each.dtype} of shape ${show(each.shape)}`,
      );
    }
  }
  return rows;
}

/** Joins ragged tensors (and tensors) along an axis that exists: behind axis 0 the rows at one position of all. */
export function concat<E extends Element = number>(xs: readonly RowsLike<E>[], axis = 0): Rows<E> {
  const op = 'ragged.concat';
  const rows = listOf(xs as readonly AnyRowsLike[], op);
  return typedRows<E>(joined(rows, checkAxis(op, axis, rows[0]?.ndim ?? 0), op));
}

export {concat as concatenate};

function joined(list: readonly Rows<Element>[], axis: number, op: string): Rows<Element> {
  const [first] = list;
  if (list.length === 1 && first !== undefined) return first;
  const rank = Math.max(...list.map(raggedRankOf));
  if (
    rank === 0 &&
    list.every(
      (x) =>
        show(x.shape.slice(axis + 1)) === show(first?.shape.slice(axis + 1) ?? []) &&
        (axis === 0 || x.shape[0] === first?.shape[0]),
    )
  ) {
    return concatenate(list as readonly Tensor[], axis);
  }
  const ragged = list.map((x) => withRaggedRank(x, Math.max(rank, 1), op) as RaggedTensor<Element>);
  return joinRagged(ragged, axis, op);
}

function joinRagged(list: readonly RaggedTensor<Element>[], axis: number, op: string): Rows<Element> {
  if (axis === 0) return joinRows(list, op);
  const [first] = list as readonly [RaggedTensor<Element>];
  const {nrows, partition} = first;
  const fail = (): never => {
    throw new ShapeError(
      `${op}: the axes before axis ${String(axis)} must agree, got shapes ${list.map(({shape}) => show(shape)).join(' and ')}`,
    );
  };
  if (list.some((x) => x.nrows !== nrows)) fail();
  if (axis > 1) {
    if (!list.every((x) => x.partition.equals(partition))) fail();
    const values = list.map((x) => x.values);
    return RaggedTensor.create(
      values.some(isRagged) || axis > 1 ? joined(values, axis - 1, op) : joinRows(values, op),
      partition,
    );
  }
  // All rows in one list; then the rows of the first of each, of the second of each, ...
  const count = list.length;
  const all = joinRows(list, op) as RaggedTensor<Element>;
  const order = counting(nrows * count)
    .reshape([count, nrows])
    .transpose()
    .reshape([-1]);
  const mixed = takeRows(all, order) as RaggedTensor<Element>;
  const splits = mixed.partition.splits.at(slice(null, null, count));
  return RaggedTensor.create(mixed.values, RowPartition.fromSplits(splits, mixed.partition.nvals));
}

/** Joins ragged tensors (and tensors, whose shapes may differ) along a new axis. */
export function stack<E extends Element = number>(xs: readonly RowsLike<E>[], axis = 0): Rows<E> {
  const op = 'ragged.stack';
  const rows = listOf(xs as readonly AnyRowsLike[], op);
  const [first] = rows;
  const at = checkAxis(op, axis, (first?.ndim ?? 0) + 1);
  if (first?.ndim === 0) return typed<E>(stackTensors(rows as readonly Tensor[]));
  const ragged = rows.map((x) => withRaggedRank(expandAxis(x, at, op), 1, op));
  if (ragged.length === 1) return typedRows<E>(ragged[0] as Rows<Element>);
  return typedRows<E>(joined(ragged, at, op));
}

/** The whole repeated `multiples[i]` times along axis i. */
export function tile<E extends Element = number>(x: RaggedTensor<E>, multiples: readonly number[]): RaggedTensor<E> {
  const op = 'ragged.tile';
  const given = toRagged<E>(x, op);
  const isCount = (n: unknown) => Number.isInteger(n) && Number(n) >= 0;
  if (!Array.isArray(multiples) || multiples.length !== given.ndim || !multiples.every(isCount)) {
    throw new ValueError(
      `${op}: multiples must be a non-negative integer for each of ${String(given.ndim)} axes, got ${describe(multiples)}`,
    );
  }
  const [outer = 1, ...inner] = multiples as readonly number[];
  const rows = tiled(given, inner);
  return outer === 1 ? rows : (takeRows(rows, cycle(rows.nrows, outer)) as RaggedTensor<E>);
}

const cycle = (n: number, times: number): Tensor => tileTensor(counting(n), times);

/** Repeats along all axes but the first. */
function tiled<E extends Element>(x: RaggedTensor<E>, multiples: readonly number[]): RaggedTensor<E> {
  const [times = 1, ...inner] = multiples;
  const {partition} = x;
  const values =
    x.values instanceof RaggedTensor
      ? tiled(x.values, inner)
      : inner.every((n) => n === 1)
        ? x.values
        : typed<E>(tileTensor(x.values, [1, ...inner]));
  if (times === 1) return RaggedTensor.create(values, partition);
  const uniform = partition.uniform === null ? null : partition.uniform * times;
  const wider = RowPartition.fromLengths(partition.lengths.mul(times), uniform);
  // Rows without elements have no offsets to wrap around.
  const lengths = partition.lengths.maximum(1).take(wider.rowIds, 0);
  const positions = partition.starts.take(wider.rowIds, 0).add(wider.offsets.mod(lengths));
  return RaggedTensor.create(takeRows(values, positions), wider);
}

/** Elements in reverse order along axes. */
export function reverse<E extends Element = number>(
  x: RaggedTensor<E>,
  axis: number | readonly number[],
): RaggedTensor<E> {
  const op = 'ragged.reverse';
  const given = toRagged<E>(x, op);
  return [...checkAxes(op, axis, given.ndim)].reduce<Rows<E>>(
    (rows, at) => reversed(rows, at),
    given,
  ) as RaggedTensor<E>;
}

function reversed<E extends Element>(rows: Rows<E>, axis: number): Rows<E> {
  if (!(rows instanceof RaggedTensor)) return typed<E>(flip(rows, axis));
  const {values, partition} = rows;
  if (axis === 0) return takeRows(rows, flip(counting(rows.nrows), 0));
  if (axis > 1) return RaggedTensor.create(reversed(values, axis - 1), partition);
  const last = partition.limits.sub(1).take(partition.rowIds, 0);
  return RaggedTensor.create(takeRows(values, last.sub(partition.offsets)), partition);
}

type NumbersLike = number | readonly number[] | Tensor;

/**
 * For each row the numbers from a start up to a limit (left out), `deltas` apart; lists and numbers mix. With one argument from 0. As
 * `arange`, int32 for whole numbers, else float32; tensors keep their dtype.
 *
 * @example
 * ragged.range([2, 0, 3]); // [[0, 1], [], [0, 1, 2]]
 * ragged.range([1, 5], [4, 9], 2); // [[1, 3], [5, 7]]
 */
export function range(starts: NumbersLike, limits?: NumbersLike | null, deltas: NumbersLike = 1): RaggedTensor {
  const op = 'ragged.range';
  const [from, to] = limits === undefined || limits === null ? [0, starts] : [starts, limits];
  const given = [from, to, deltas] as const;
  const like = (given as readonly unknown[]).find(isTensor)?.dtype;
  const isWhole = given.every((x) => isTensor(x) || [x].flat().every((n) => Number.isInteger(n)));
  const dtype = like ?? (isWhole ? 'int32' : arange(0.5).dtype);
  const parts = given.map((x) => toPair(arange(0, 0, 1, dtype), x, op)[1]);
  if (parts.some(({ndim}) => ndim > 1)) {
    throw new ShapeError(
      `${op}: starts, limits and deltas must be numbers or lists, got shapes ${parts.map(({shape}) => show(shape)).join(', ')}`,
    );
  }
  const nrows = parts.find(({ndim}) => ndim === 1)?.dim(0) ?? 1;
  if (parts.some((x) => x.ndim === 1 && x.dim(0) !== nrows)) {
    throw new ShapeError(
      `${op}: lists must have one length, got shapes ${parts.map(({shape}) => show(shape)).join(', ')}`,
    );
  }
  const [first, limit, step] = parts.map((x) => x.broadcastTo([nrows])) as [Tensor, Tensor, Tensor];
  if (step.equal(0).any().item()) throw new ValueError(`${op}: deltas must not be 0`);
  // In float64 every count that fits into memory is exact.
  const wide = (x: Tensor) => x.cast('float64');
  const counts = wide(limit).sub(wide(first)).div(wide(step)).ceil().maximum(0);
  const partition = RowPartition.fromLengths(
    where(counts.isfinite(), counts, 0).cast('int64') as Tensor<Element> as Tensor,
  );
  const spread = (x: Tensor) => x.take(partition.rowIds, 0);
  const steps = partition.offsets.cast(dtype) as Tensor<Element> as Tensor;
  return RaggedTensor.create(spread(first).add(steps.mul(spread(step))), partition);
}
