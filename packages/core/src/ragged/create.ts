import {type DType, type Element, type ElementOf, checkDType} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {concatenate} from '../ops/shape.js';
import {castTo} from '../ops/convert.js';
import {checkOptions, describe} from '../suggest.js';
import {convert, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {checkedSplits, listed, occurrences, RowPartition, splitsOf, whole} from './partition.js';
import {RaggedTensor, type Rows} from './ragged-tensor.js';
import {integerList, integers, type RowsLike, toRows, typedRows} from './rows.js';

/** Nested arrays whose lengths may differ; elements all have one depth. */
export type RaggedNested<E> = readonly (E | RaggedNested<E>)[];

/** Integers: positions, lengths, ids. */
export type IntegersLike = readonly number[] | readonly bigint[] | Int32Array | BigInt64Array | Tensor | Tensor<bigint>;

export interface RaggedConstantOptions<D extends DType = DType> {
  /** Default: as `tensor()` has it, float32 for numbers. */
  dtype?: D | undefined;
  /** How many axes are ragged; those behind must be regular. Default: all but the outermost. */
  raggedRank?: number | undefined;
}

/**
 * A ragged tensor of nested arrays of at least two levels.
 *
 * @example
 * ragged.constant([[3, 1, 4, 1], [], [5, 9, 2], [6]], 'int32');
 * ragged.constant([[[1, 2], [3, 4]], [[5, 6]]], {raggedRank: 1}).shape; // [2, null, 2]
 * @throws ShapeError where elements are not all at one depth, or regular axes are not
 */
export function constant<D extends DType>(
  x: RaggedNested<ElementOf<D>> | RaggedNested<number>,
  dtype: D | (RaggedConstantOptions<D> & {dtype: D}),
): RaggedTensor<ElementOf<D>>;
export function constant(x: RaggedNested<number>, options?: RaggedConstantOptions): RaggedTensor;
export function constant(x: RaggedNested<bigint>, options?: RaggedConstantOptions): RaggedTensor<bigint>;
export function constant(x: RaggedNested<boolean>, options?: RaggedConstantOptions): RaggedTensor<boolean>;
export function constant(x: RaggedNested<string>, options?: RaggedConstantOptions): RaggedTensor<string>;
export function constant(x: RaggedNested<Element>, options: DType | RaggedConstantOptions = {}): RaggedTensor<Element> {
  const op = 'ragged.constant';
  const given = typeof options === 'string' ? {dtype: options} : options;
  checkOptions(op, given, ['dtype', 'raggedRank']);
  const dtype = given.dtype === undefined ? undefined : checkDType(op, given.dtype);
  if (!Array.isArray(x)) throw new ShapeError(`${op}: nested arrays are needed, got ${describe(x)}`);
  const {deepest, element} = depths(x, op);
  const levels = element ?? deepest;
  if (element !== null && element < 2) {
    throw new ShapeError(
      `${op}: at least two levels of arrays are needed, got ${describe(x)}; tensor() makes one axis`,
    );
  }
  if (element !== null && deepest > element) {
    throw new ShapeError(
      `${op}: elements must all have one depth, got arrays of ${String(deepest)} levels beside elements at level ${String(element)}`,
    );
  }
  const rank = given.raggedRank ?? Math.max(levels - 1, 1);
  if (!Number.isInteger(rank) || rank < 1 || (element !== null && rank >= levels)) {
    throw new ValueError(`${op}: raggedRank must be from 1 to ${String(levels - 1)}, got ${describe(rank)}`);
  }
  let items: readonly unknown[] = x;
  const partitions: RowPartition[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const rows = items as readonly (readonly unknown[])[];
    partitions.push(RowPartition.fromLengths(integers(BigInt64Array.from(rows, lengthOf), op, 'lengths')));
    items = rows.flat(1);
  }
  const values = convert<Element>(items as TensorLike<Element>, dtype, op);
  return partitions.reduceRight<Rows<Element>>(
    (rows, each) => RaggedTensor.create(rows, each),
    values,
  ) as RaggedTensor<Element>;
}

const lengthOf = (row: readonly unknown[]): bigint => BigInt(row.length);

/** The levels of arrays around the elements (null without any), and the most of any array. */
function depths(x: readonly unknown[], op: string): {deepest: number; element: number | null} {
  let deepest = 1;
  let element: number | null = null;
  for (const item of x) {
    const inner = Array.isArray(item) ? depths(item as readonly unknown[], op) : {deepest: 0, element: 0};
    deepest = Math.max(deepest, inner.deepest + 1);
    if (inner.element === null) continue;
    if (element !== null && element !== inner.element + 1) {
      throw new ShapeError(
        `${op}: elements must all have one depth, got some at levels ${String(element)} and ${String(inner.element + 1)}`,
      );
    }
    element = inner.element + 1;
  }
  return {deepest, element};
}

function rowsOf<E extends Element>(values: RowsLike<E>, op: string): Rows<E> {
  const rows = typedRows<E>(toRows(values, op));
  if (rows.ndim > 0) return rows;
  throw new ShapeError(`${op}: values must have at least one axis, got a scalar`);
}

/** Values cut into rows at splits: row i is those from `rowSplits[i]` to `rowSplits[i + 1]`. */
export function fromRowSplits<E extends Element = number>(
  values: RowsLike<E>,
  rowSplits: IntegersLike,
): RaggedTensor<E> {
  const op = 'ragged.fromRowSplits';
  const rows = rowsOf(values, op);
  const nvals = rows.length;
  return RaggedTensor.create(
    rows,
    RowPartition.fromSplits(checkedSplits(integerList(rowSplits, op, 'rowSplits'), nvals, op), nvals),
  );
}

/** Values cut into rows of the lengths given. */
export function fromRowLengths<E extends Element = number>(
  values: RowsLike<E>,
  rowLengths: IntegersLike,
): RaggedTensor<E> {
  return ofLengths(values, integerList(rowLengths, 'ragged.fromRowLengths', 'rowLengths'), 'ragged.fromRowLengths');
}

function ofLengths<E extends Element>(values: RowsLike<E>, lengths: Tensor, op: string): RaggedTensor<E> {
  const rows = rowsOf(values, op);
  if (lengths.less(0).any().item()) {
    throw new ValueError(`${op}: rowLengths must not be negative, got ${listed(lengths)}`);
  }
  const partition = RowPartition.fromLengths(lengths);
  if (partition.nvals !== rows.length) {
    throw new ValueError(
      `${op}: rowLengths must add up to the number of values, ${String(rows.length)}, got a sum of ${String(partition.nvals)}`,
    );
  }
  return RaggedTensor.create(rows, partition);
}

/** Values with the row of each, ascending; rows without values may follow where `nrows` is given. */
export function fromValueRowIds<E extends Element = number>(
  values: RowsLike<E>,
  valueRowIds: IntegersLike,
  nrows?: number,
): RaggedTensor<E> {
  const op = 'ragged.fromValueRowIds';
  const rows = rowsOf(values, op);
  const ids = integerList(valueRowIds, op, 'valueRowIds');
  if (ids.size !== rows.length) {
    throw new ValueError(
      `${op}: a row id for each value is needed, got ${String(ids.size)} for ${String(rows.length)} values`,
    );
  }
  const ends = ascending(ids, op, 'valueRowIds');
  const count = nrows ?? ends + 1;
  if (!Number.isInteger(count) || count <= ends) {
    throw new ValueError(`${op}: nrows must be larger than every row id (${String(ends)}), got ${describe(nrows)}`);
  }
  return RaggedTensor.create(rows, RowPartition.fromRowIds(ids, count));
}

/** The last of ascending ids that are not negative; -1 of none. */
function ascending(ids: Tensor, op: string, name: string): number {
  if (ids.size === 0) return -1;
  const falls = ids.at('1:').less(ids.at(':-1')).any().item();
  if (falls || whole(ids.at(0)) < 0) {
    throw new ValueError(`${op}: ${name} must ascend from 0 or more, got ${listed(ids)}`);
  }
  return whole(ids.at(-1));
}

/** Values cut into rows that begin at the positions given, the first at 0. */
export function fromRowStarts<E extends Element = number>(
  values: RowsLike<E>,
  rowStarts: IntegersLike,
): RaggedTensor<E> {
  const op = 'ragged.fromRowStarts';
  const rows = rowsOf(values, op);
  const starts = integerList(rowStarts, op, 'rowStarts');
  const all = splitsBetween(starts, rows.length, 'end');
  return RaggedTensor.create(rows, RowPartition.fromSplits(checkedSplits(all, rows.length, op), rows.length));
}

/** Values cut into rows that end at the positions given, the last at the number of values. */
export function fromRowLimits<E extends Element = number>(
  values: RowsLike<E>,
  rowLimits: IntegersLike,
): RaggedTensor<E> {
  const op = 'ragged.fromRowLimits';
  const rows = rowsOf(values, op);
  const limits = integerList(rowLimits, op, 'rowLimits');
  const all = splitsBetween(limits, 0, 'start');
  return RaggedTensor.create(rows, RowPartition.fromSplits(checkedSplits(all, rows.length, op), rows.length));
}

function splitsBetween(list: Tensor, value: number, side: 'start' | 'end'): Tensor {
  const one: Tensor = integers([value], 'ragged', 'value');
  const parts = side === 'start' ? [one, list] : [list, one];
  return concatenate(parts);
}

/** Values cut into rows of one length; `nrows` is needed where it is 0. */
export function fromUniformRowLength<E extends Element = number>(
  values: RowsLike<E>,
  uniformRowLength: number,
  nrows?: number,
): RaggedTensor<E> {
  const op = 'ragged.fromUniformRowLength';
  const rows = rowsOf(values, op);
  if (!Number.isInteger(uniformRowLength) || uniformRowLength < 0) {
    throw new ValueError(`${op}: uniformRowLength must be a non-negative integer, got ${describe(uniformRowLength)}`);
  }
  const count = nrows ?? (uniformRowLength === 0 ? 0 : rows.length / uniformRowLength);
  if (!Number.isInteger(count) || count < 0 || count * uniformRowLength !== rows.length) {
    throw new ValueError(
      `${op}: ${String(rows.length)} values do not make ${nrows === undefined ? '' : `${describe(nrows)} `}rows of ${String(uniformRowLength)}`,
    );
  }
  return RaggedTensor.create(rows, RowPartition.uniform(uniformRowLength, count));
}

function nest<E extends Element>(
  flatValues: RowsLike<E>,
  lists: readonly IntegersLike[],
  op: string,
  cut: (values: RowsLike<E>, list: IntegersLike) => RaggedTensor<E>,
): RaggedTensor<E> {
  if (!Array.isArray(lists) || lists.length === 0) {
    throw new ValueError(`${op}: a list of at least one list is needed, got ${describe(lists)}`);
  }
  return lists.reduceRight<RowsLike<E>>((rows, list: IntegersLike) => cut(rows, list), flatValues) as RaggedTensor<E>;
}

/** Values cut several times: row splits of each ragged axis, from the outermost. */
export function fromNestedRowSplits<E extends Element = number>(
  flatValues: RowsLike<E>,
  nestedRowSplits: readonly IntegersLike[],
): RaggedTensor<E> {
  return nest(flatValues, nestedRowSplits, 'ragged.fromNestedRowSplits', fromRowSplits);
}

/** Values cut several times: row lengths of each ragged axis, from the outermost. */
export function fromNestedRowLengths<E extends Element = number>(
  flatValues: RowsLike<E>,
  nestedRowLengths: readonly IntegersLike[],
): RaggedTensor<E> {
  return nest(flatValues, nestedRowLengths, 'ragged.fromNestedRowLengths', fromRowLengths);
}

/** Values with the row ids of each ragged axis, from the outermost, and the number of rows of each where ids do not say. */
export function fromNestedValueRowIds<E extends Element = number>(
  flatValues: RowsLike<E>,
  nestedValueRowIds: readonly IntegersLike[],
  nestedNrows?: readonly (number | undefined)[],
): RaggedTensor<E> {
  const op = 'ragged.fromNestedValueRowIds';
  if (nestedNrows !== undefined && nestedNrows.length !== nestedValueRowIds.length) {
    throw new ValueError(
      `${op}: a number of rows for each of ${String(nestedValueRowIds.length)} lists is needed, got ${describe(nestedNrows)}`,
    );
  }
  let level = nestedValueRowIds.length;
  return nest(flatValues, nestedValueRowIds, op, (values, ids) => fromValueRowIds(values, ids, nestedNrows?.[--level]));
}

/** The segment id of each value, for rows cut at splits: `[0, 2, 2, 5]` gives `[0, 0, 2, 2, 2]`. */
export function rowSplitsToSegmentIds(splits: IntegersLike): Tensor<bigint> {
  const op = 'ragged.rowSplitsToSegmentIds';
  const list = integerList(splits, op, 'splits');
  const nvals = list.size === 0 ? 0 : whole(list.at(-1));
  return castTo<bigint>(RowPartition.fromSplits(checkedSplits(list, nvals, op), nvals).rowIds, 'int64');
}

/** The row splits of ascending segment ids: `[0, 0, 2]` gives `[0, 2, 2, 3]`. */
export function segmentIdsToRowSplits(
  segmentIds: IntegersLike,
  options: {numSegments?: number | undefined} = {},
): Tensor<bigint> {
  const op = 'ragged.segmentIdsToRowSplits';
  checkOptions(op, options, ['numSegments']);
  const ids = integerList(segmentIds, op, 'segmentIds');
  const last = ascending(ids, op, 'segmentIds');
  const count = options.numSegments ?? last + 1;
  if (!Number.isInteger(count) || count <= last) {
    throw new ValueError(`${op}: numSegments must be larger than every id (${String(last)}), got ${describe(count)}`);
  }
  return castTo<bigint>(splitsOf(occurrences(ids, count)), 'int64');
}
