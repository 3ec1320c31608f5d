import {type Element} from '../dtype.js';
import {ValueError} from '../errors.js';
import {expandDims as expandTensor} from '../ops/shape.js';
import {checkAxis} from '../shape.js';
import {RowPartition} from './partition.js';
import {isRagged, RaggedTensor, type Rows} from './ragged-tensor.js';
import {type RowsLike, toRows, typed, typedRows} from './rows.js';

/** A new axis of size 1; `axis` is known to be right. */
export function expandAxis<E extends Element>(rows: Rows<E>, axis: number, where: string): Rows<E> {
  if (!(rows instanceof RaggedTensor)) return typed<E>(expandTensor(rows, axis));
  if (axis === 0) return RaggedTensor.create(rows, RowPartition.uniform(rows.nrows, 1));
  if (axis === 1) return RaggedTensor.create(rows, RowPartition.uniform(1, rows.nrows));
  return RaggedTensor.create(expandAxis(rows.values, axis - 1, where), rows.partition);
}

/** A new axis of size 1; a negative one counts from the end of the result. */
export function expandDims<E extends Element = number>(x: RaggedTensor<E>, axis: number): RaggedTensor<E>;
export function expandDims<E extends Element = number>(x: RowsLike<E>, axis: number): Rows<E>;
export function expandDims<E extends Element = number>(x: RowsLike<E>, axis: number): Rows<E> {
  const op = 'ragged.expandDims';
  const rows = typedRows<E>(toRows(x, op));
  return expandAxis(rows, checkAxis(op, axis, rows.ndim + 1), op);
}

/** The axes from `outer` to `inner` as one. */
export function mergeAxes<E extends Element>(rows: Rows<E>, outer: number, inner: number, where: string): Rows<E> {
  const from = checkAxis(where, outer, rows.ndim);
  const to = checkAxis(where, inner, rows.ndim);
  if (from > to) {
    throw new ValueError(
      `${where}: the outer axis must not be behind the inner one, got ${String(outer)} and ${String(inner)}`,
    );
  }
  let merged = rows;
  for (let axis = from; axis < to; axis++) merged = mergeNext(merged, from);
  return merged;
}

/** An axis and the one behind it as one. */
function mergeNext<E extends Element>(rows: Rows<E>, axis: number): Rows<E> {
  if (!(rows instanceof RaggedTensor)) {
    const sizes = rows.shape.map(Number);
    return rows.reshape([
      ...sizes.slice(0, axis),
      (sizes[axis] ?? 1) * (sizes[axis + 1] ?? 1),
      ...sizes.slice(axis + 2),
    ]);
  }
  const {values, partition} = rows;
  if (axis === 0) return values;
  if (axis > 1) return RaggedTensor.create(mergeNext(values, axis - 1), partition);
  if (values instanceof RaggedTensor) {
    const splits = values.partition.splits.take(partition.splits, 0);
    return RaggedTensor.create(
      values.values,
      RowPartition.fromSplits(splits, values.partition.nvals, product(partition, values.partition)),
    );
  }
  const [n = 0, m = 0, ...rest] = values.shape.map(Number);
  const splits = partition.splits.mul(m);
  const uniform = partition.uniform === null ? null : partition.uniform * m;
  return RaggedTensor.create(values.reshape([n * m, ...rest]), RowPartition.fromSplits(splits, n * m, uniform));
}

const product = (a: RowPartition, b: RowPartition): number | null =>
  a.uniform === null || b.uniform === null ? null : a.uniform * b.uniform;

/** How deep a function may go into rows before it meets regular axes. */
export const innerAxis = (rows: Rows<Element>, axis: number): number =>
  isRagged(rows) ? axis - rows.raggedRank : axis;
