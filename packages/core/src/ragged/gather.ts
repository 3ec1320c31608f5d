import {type Element} from '../dtype.js';
import {IndexError, ShapeError, ValueError} from '../errors.js';
import {castTo} from '../ops/convert.js';
import {where} from '../ops/elementwise.js';
import {gatherNd as gatherTensor} from '../ops/indexing.js';
import {take} from '../ops/nn.js';
import {nonzero} from '../ops/nonzero.js';
import {concatenate, repeat} from '../ops/shape.js';
import {checkAxis, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {type IntegersLike} from './create.js';
import {counting, RowPartition} from './partition.js';
import {isRagged, RaggedTensor, type Rows} from './ragged-tensor.js';
import {
  type AnyRowsLike,
  integers,
  raggedRankOf,
  type RowsLike,
  takeRows,
  toRows,
  typed,
  typedRows,
  withRaggedRank,
  wrap,
} from './rows.js';

export interface GatherOptions {
  /** The axis that indices count along. Default: the number of batch dimensions. */
  axis?: number | undefined;
  /** How many outer axes of both stand for each other. Default 0. */
  batchDims?: number | undefined;
}

/** Indices: integers in any shape, ragged too. */
export type IndicesLike = RaggedTensor | RaggedTensor<bigint> | IntegersLike | readonly (readonly number[])[] | number;

/**
 * Entries along an axis by index; negative indices count from the end.
 *
 * @example
 * ragged.gather(r, [2, 0]); // the third row and the first
 * ragged.gather(r, ragged.constant([[0], [], [1, 2]], 'int32'), {batchDims: 1}); // of row i the elements at indices[i]
 * @throws IndexError where an index is outside of its axis or row
 */
export function gather<E extends Element = number>(
  params: RowsLike<E>,
  indices: IndicesLike,
  options: GatherOptions = {},
): Rows<E> {
  const op = 'ragged.gather';
  checkOptions(op, options, ['axis', 'batchDims']);
  const rows = typedRows<E>(toRows(params, op));
  const {batchDims = 0} = options;
  const axis = checkAxis(op, options.axis ?? batchDims, rows.ndim);
  const index: Rows = isRagged(indices)
    ? indices.withFlatValues<number>(integers(indices.flatValues, op, 'indices'))
    : integers(indices, op, 'indices');
  if (!Number.isInteger(batchDims) || batchDims < 0 || batchDims > axis || batchDims > index.ndim) {
    throw new ValueError(
      `${op}: batchDims must be from 0 to the axis and to the rank of indices, got ${describe(batchDims)} with axis ${String(axis)} and indices of rank ${String(index.ndim)}`,
    );
  }
  if (batchDims === 0) return along(rows, index, axis, op);
  return batch(withRaggedRank(rows, batchDims, op), withRaggedRank<number>(index, 1, op), axis, batchDims, op);
}

function along<E extends Element>(rows: Rows<E>, index: Rows, axis: number, op: string): Rows<E> {
  if (!(rows instanceof RaggedTensor)) {
    if (axis === 0) return rewrapped(index, (flat) => typed<E>(take(rows as Tensor<Element> as Tensor, flat, 0)));
    if (isRagged(index))
      throw new ValueError(`${op}: ragged indices need axis 0 or batchDims, got axis ${String(axis)}`);
    return typed<E>(take(rows, index, axis));
  }
  if (axis === 0) return rewrapped(index, (flat) => takeRows(rows, flat));
  const {partition, values} = rows;
  if (axis > 1) return RaggedTensor.create(along(values, index, axis - 1, op), partition);
  // The same indices for every row.
  if (isRagged(index)) throw new ValueError(`${op}: ragged indices need axis 0 or batchDims, got axis 1`);
  const flat = index.reshape([-1]);
  const count = flat.size;
  const ids = repeat(counting(rows.nrows), count);
  const wanted = flat.reshape([1, count]).broadcastTo([rows.nrows, count]).reshape([-1]);
  const taken = takeRows(values, within(partition, ids, wanted, op));
  const shape = index.shape.map(Number);
  return regular(taken, [rows.nrows, ...shape]);
}

/** Rows whose first axis is split into several regular ones. */
function regular<E extends Element>(rows: Rows<E>, sizes: readonly number[]): Rows<E> {
  if (!(rows instanceof RaggedTensor)) return rows.reshape([...sizes, ...rows.shape.slice(1).map(Number)]);
  let made: Rows<E> = rows;
  for (let i = sizes.length - 1; i > 0; i--) {
    const count = sizes.slice(0, i).reduce((n, size) => n * size, 1);
    made = RaggedTensor.create(made, RowPartition.uniform(sizes[i] ?? 1, count));
  }
  return made;
}

/** What a function gives for a list of indices, in the shape of the indices. */
function rewrapped<E extends Element>(index: Rows, fn: (flat: Tensor) => Rows<E>): Rows<E> {
  if (isRagged(index)) return wrap(rewrapped<E>(index.flatValues, fn), index.partitions);
  const taken = fn(index.reshape([-1]));
  if (index.ndim === 1) return taken;
  if (index.ndim > 1) return regular(taken, index.shape.map(Number));
  return taken instanceof RaggedTensor ? takeOne(taken) : taken.reshape(taken.shape.slice(1).map(Number));
}

const takeOne = <E extends Element>(rows: RaggedTensor<E>): Rows<E> => rows.values;

/** Positions among the values of the elements `at` of rows `ids`. */
export function within(partition: RowPartition, ids: Tensor, at: Tensor, op: string): Tensor {
  const lengths = partition.lengths.take(ids, 0);
  const wanted = where(at.less(0), at.add(lengths), at);
  const outside = wanted.less(0).logicalOr(wanted.greaterEqual(lengths));
  if (outside.any().item()) {
    const i = outside.cast('int32').argmax().item();
    throw new IndexError(
      `${op}: index ${String(at.at(i).item())} is out of range for row ${String(ids.at(i).item())} of ${String(lengths.at(i).item())} elements`,
    );
  }
  return partition.starts.take(ids, 0).add(wanted);
}

function batch<E extends Element>(rows: Rows<E>, index: Rows, axis: number, batchDims: number, op: string): Rows<E> {
  const given = rows as RaggedTensor<E>;
  const which = index as RaggedTensor;
  if (given.nrows !== which.nrows) {
    throw new ShapeError(
      `${op}: batch axes must agree, got params of shape ${show(given.shape)} and indices of shape ${show(which.shape)}`,
    );
  }
  const {partition} = which;
  if (batchDims > 1) {
    if (!given.partition.equals(partition)) {
      throw new ShapeError(`${op}: the rows of batch axes must have the same lengths in params and indices`);
    }
    const inner = batch(given.values, withRaggedRank<number>(which.values, 1, op), axis - 1, batchDims - 1, op);
    return RaggedTensor.create(inner, partition);
  }
  if (axis > 1) {
    // Axes between the batch and the one that is indexed: each of their entries is a row of its own.
    const spread = takeRows<number>(which, given.partition.rowIds) as RaggedTensor;
    const inner = batch(withRaggedRank(given.values, 1, op), spread, axis - 1, 1, op);
    return RaggedTensor.create(inner, given.partition);
  }
  const ids = partition.rowIds;
  const taken = rewrapped<E>(which.values, (flat) => {
    const owner = isRagged(which.values) || which.values.ndim > 1 ? ownersOf(which, ids) : ids;
    return takeRows(given.values, within(given.partition, owner, flat, op));
  });
  const made = RaggedTensor.create(taken, partition);
  return isRagged(index) && partition.uniform !== null && !isRagged(taken)
    ? taken.reshape([partition.nrows, partition.uniform, ...taken.shape.slice(1).map(Number)])
    : made;
}

/** The outermost row of each innermost index. */
function ownersOf(index: RaggedTensor, ids: Tensor): Tensor {
  let owners = ids;
  let {values} = index;
  while (isRagged(values)) {
    owners = owners.take(values.partition.rowIds, 0);
    values = values.values;
  }
  const each = values.shape.slice(1).reduce<number>((n, size) => n * Number(size), 1);
  return each === 1 ? owners : repeat(owners, each);
}

/** Entries at indices [..., k] of the first k axes; negative indices count from the end. */
export function gatherNd<E extends Element = number>(params: RowsLike<E>, indices: IndicesLike): Rows<E> {
  const op = 'ragged.gatherNd';
  const rows = typedRows<E>(toRows(params, op));
  if (isRagged(indices)) {
    const flat = integers(indices.flatValues, op, 'indices');
    if (flat.ndim < 2)
      throw new ShapeError(`${op}: ragged indices need a regular last axis, got shape ${show(indices.shape)}`);
    return wrap(pick(rows, flat, op), indices.partitions);
  }
  const index = integers(indices, op, 'indices');
  if (index.ndim < 1) throw new ShapeError(`${op}: indices must have shape (..., k), got a scalar`);
  return pick(rows, index, op);
}

function pick<E extends Element>(rows: Rows<E>, index: Tensor, op: string): Rows<E> {
  const depth = index.dim(-1);
  if (depth < 1 || depth > rows.ndim) {
    throw new ShapeError(`${op}: indices of shape ${show(index.shape)} do not index shape ${show(rows.shape)}`);
  }
  const lists = index.reshape([index.size / depth, depth]);
  const outer = index.shape.slice(0, -1).map(Number);
  let at: Tensor = lists.at(':', 0);
  let level: Rows<E> = rows;
  let used = 1;
  while (level instanceof RaggedTensor && used < depth) {
    const count = level.nrows;
    const ids = where(at.less(0), at.add(count), at);
    at = within(level.partition, ids, lists.at(':', used), op);
    level = level.values;
    used++;
  }
  const taken: Rows<E> =
    used < depth
      ? typed<E>(
          gatherTensor(
            level as Tensor<Element>,
            concatenate([at.reshape([-1, 1]), lists.at(':', slice(used, null))], 1),
          ),
        )
      : takeRows(level, at);
  if (outer.length === 1) return taken;
  if (outer.length > 1) return regular(taken, outer);
  return taken instanceof RaggedTensor ? taken.values : taken.reshape(taken.shape.slice(1).map(Number));
}

/**
 * The elements where a mask is true; the axes of the mask stay, shorter. A mask of rank 1 takes whole rows.
 *
 * @example
 * ragged.booleanMask(r, r.greater(2));
 */
export function booleanMask<E extends Element = number>(
  data: RowsLike<E>,
  mask: AnyRowsLike | RaggedTensor<boolean>,
): Rows<E> {
  const op = 'ragged.booleanMask';
  const rows = typedRows<E>(toRows(data, op));
  const flags = toRows(mask, op);
  if (flags.dtype !== 'bool') throw new ValueError(`${op}: the mask must be bool, got ${flags.dtype}`);
  if (flags.ndim === 0 || flags.ndim > rows.ndim) {
    throw new ShapeError(
      `${op}: the mask must have from 1 to ${String(rows.ndim)} axes, got shape ${show(flags.shape)}`,
    );
  }
  const rank = flags.ndim - 1;
  if (raggedRankOf(flags) > rank) throw new ShapeError(`${op}: the mask has more ragged axes than the data`);
  return masked(withRaggedRank(rows, rank, op), withRaggedRank(flags, rank, op), op);
}

function masked<E extends Element>(rows: Rows<E>, flags: Rows<Element>, op: string): Rows<E> {
  const fail = (): never => {
    throw new ShapeError(
      `${op}: the mask must have the rows of the data, got data of shape ${show(rows.shape)} and a mask of shape ${show(flags.shape)}`,
    );
  };
  if (!isRagged(flags)) {
    if (flags.dim(0) !== rows.length) fail();
    const [positions] = nonzero(flags);
    return takeRows(rows, castTo(positions ?? counting(0), 'int64'));
  }
  const {values, partition} = rows as RaggedTensor<E>;
  if (!partition.equals(flags.partition)) fail();
  const kept = masked(values, flags.values, op);
  if (isRagged(flags.values)) return RaggedTensor.create(kept, partition);
  const ids = masked<number>(partition.rowIds, flags.values, op) as Tensor;
  return RaggedTensor.create(kept, RowPartition.fromRowIds(ids, partition.nrows));
}
