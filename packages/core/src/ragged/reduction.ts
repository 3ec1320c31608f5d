import {DTYPES, type Element, isFloating} from '../dtype.js';
import {ValueError} from '../errors.js';
import {castTo} from '../ops/convert.js';
import {zeros} from '../ops/create.js';
import {stopGradient} from '../ops/gradient.js';
import * as dense from '../ops/reduction.js';
import {axisOptions, type Axis} from '../ops/reduction.js';
import {segmentMax, segmentMin, segmentProd, segmentSum} from '../ops/segment.js';
import {checkAxes} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {expandAxis} from './axes.js';
import {binary} from './broadcast.js';
import {largest, RowPartition, splitsOf, whole} from './partition.js';
import {isRagged, type RaggedTensor, type Rows, RaggedTensor as Ragged} from './ragged-tensor.js';
import {flatOf, wrap} from './rows.js';

// Reductions over any axes. Over axis 1 the segments are the rows; over axis 0 the elements at one position of all rows.

interface Reduction {
  readonly name: string;
  /** Of the values of each segment. */
  readonly segments: (data: Tensor, ids: Tensor, options: {numSegments: number}) => Tensor;
  /** Of axes of a tensor. */
  readonly axes: (data: Tensor, axes: readonly number[]) => Tensor;
}

const SUM: Reduction = {name: 'sum', segments: segmentSum, axes: dense.sum};
const PROD: Reduction = {name: 'prod', segments: segmentProd, axes: dense.prod};
const MAX: Reduction = {name: 'max', segments: segmentMax, axes: emptyAs(dense.max, segmentMax)};
const MIN: Reduction = {name: 'min', segments: segmentMin, axes: emptyAs(dense.min, segmentMin)};

// Without elements, what a segment without elements gives.
function emptyAs(reduce: typeof dense.max, segments: typeof segmentMax): Reduction['axes'] {
  return (data, axes) => {
    if (axes.every((axis) => data.shape[axis] !== 0)) return reduce(data, axes);
    const kept = data.shape.filter((_, i) => !axes.includes(i)).map(Number);
    const none = segments(data.reshape([0]), new BigInt64Array(0), {numSegments: 1});
    return none.reshape(kept.map(() => 1)).broadcastTo(kept);
  };
}

/** The rows of each id become one row; shorter ones count where they have elements. */
function aggregate(rows: Rows, ids: Tensor, count: number, how: Reduction): Rows {
  if (!isRagged(rows)) return how.segments(rows, ids, {numSegments: count});
  const {partition, values} = rows;
  const lengths = count === 0 ? ids.at(':0') : longestOf(partition.lengths, ids, count);
  const splits = splitsOf(lengths);
  const total = whole(splits.at(-1));
  const starts = splits.at(':-1').take(ids, 0);
  const inner = starts.take(partition.rowIds, 0).add(partition.offsets);
  return Ragged.create(aggregate(values as Rows, inner, total, how), RowPartition.fromSplits(splits, total));
}

// A segment without rows has length 0.
const longestOf = (lengths: Tensor, ids: Tensor, count: number): Tensor =>
  segmentMax(lengths, ids, {numSegments: count}).maximum(0);

/** Over one axis. */
function reduceAxis(rows: Rows, axis: number, how: Reduction): Rows {
  if (!isRagged(rows)) return how.axes(rows, [axis]);
  const {partition, values} = rows;
  if (axis === 0) {
    // Regular rows of one length keep that length when there are none of them.
    const count = partition.uniform ?? largest(partition.lengths);
    return aggregate(values, partition.offsets, count, how);
  }
  if (axis === 1) return aggregate(values, partition.rowIds, partition.nrows, how);
  return Ragged.create(reduceAxis(values as Rows, axis - 1, how), partition);
}

function reduce(x: RaggedTensor, axis: Axis, how: Reduction): Rows {
  const {axis: given, keepdims} = axisOptions(`ragged.${how.name}`, axis);
  const axes = checkAxes(`ragged.${how.name}`, given, x.ndim);
  const all = axes.length === x.ndim;
  const flat = x.flatValues;
  let rows: Rows = all
    ? how.axes(
        flat,
        flat.shape.map((_, i) => i),
      )
    : [...axes].reverse().reduce<Rows>((each, at) => reduceAxis(each, at, how), x);
  if (keepdims === true) for (const at of axes) rows = expandAxis(rows, at, 'ragged');
  return rows;
}

const numeric = (x: RaggedTensor<Element>, op: string): RaggedTensor => {
  if (DTYPES[x.dtype].kind === 'string') throw new ValueError(`ragged.${op}: numbers are needed, got a string tensor`);
  return x as RaggedTensor;
};

/** Sum over axes; 0 of no elements. Booleans and small integers are summed as int32 or uint32. */
export function sum<E extends Element = number>(x: RaggedTensor<E>, axis?: Axis): Rows<E> {
  const given = numeric(x, 'sum');
  return reduce(widened(given), axis, SUM) as Rows<Element> as Rows<E>;
}

// The dtype that ops.sum gives.
function widened(x: RaggedTensor): RaggedTensor {
  const dtype = dense.sum(zeros([1], x.dtype)).dtype;
  return dtype === x.dtype ? x : x.withFlatValues(castTo(x.flatValues, dtype));
}

/** Product over axes; 1 of no elements. */
export function prod<E extends Element = number>(x: RaggedTensor<E>, axis?: Axis): Rows<E> {
  return reduce(widened(numeric(x, 'prod')), axis, PROD) as Rows<Element> as Rows<E>;
}

/** Largest element over axes; of no elements the smallest number of the dtype. */
export function max<E extends Element = number>(x: RaggedTensor<E>, axis?: Axis): Rows<E> {
  return reduce(numeric(x, 'max'), axis, MAX) as Rows<Element> as Rows<E>;
}

/** Smallest element over axes; of no elements the largest number of the dtype. */
export function min<E extends Element = number>(x: RaggedTensor<E>, axis?: Axis): Rows<E> {
  return reduce(numeric(x, 'min'), axis, MIN) as Rows<Element> as Rows<E>;
}

/** Mean over axes; NaN of no elements. Integers become float64, those of 8 and 16 bits float32, as TensorFlow's ragged means. */
export function mean(x: RaggedTensor<Element>, axis?: Axis): Rows {
  const value = floating(numeric(x, 'mean'));
  const total = reduce(value, axis, SUM);
  const count = reduce(value.withFlatValues(value.flatValues.onesLike()), axis, SUM);
  const flat = flatOf(total).div(flatOf(count));
  return isRagged(total) ? total.withFlatValues(flat) : flat;
}

function floating(x: RaggedTensor): RaggedTensor {
  if (isFloating(x.dtype)) return x;
  return x.withFlatValues(castTo(x.flatValues, DTYPES[x.dtype].bytes > 2 ? 'float64' : 'float32'));
}

/** Mean squared distance from the mean over axes; NaN of no elements. */
export function variance(x: RaggedTensor<Element>, axis?: Axis): Rows {
  const {axis: axes, keepdims} = axisOptions('ragged.variance', axis);
  const given = floating(numeric(x, 'variance'));
  // Shifted by what is nearly their mean, so that little cancels in the difference of squares.
  const shift = stopGradient(given.flatValues.mean());
  const value = given.size === 0 ? given : given.withFlatValues(given.flatValues.sub(shift));
  const squares = mean(value.withFlatValues(value.flatValues.square()), {axis: axes, keepdims});
  const center = mean(value, {axis: axes, keepdims});
  const minus = (a: Tensor, b: Tensor) => a.sub(b.square()).maximum(0);
  return isRagged(squares) ? binary('ragged.variance', minus, squares, center) : minus(squares, center as Tensor);
}

/** Square root of the variance. */
export function std(x: RaggedTensor<Element>, axis?: Axis): Rows {
  const found = variance(x, axis);
  return isRagged(found) ? found.withFlatValues(found.flatValues.sqrt()) : found.sqrt();
}

function counted(x: RaggedTensor<Element>, axis: Axis, op: string, invert: boolean): Rows<boolean> {
  const flags = castTo<boolean>(x.flatValues, 'bool', `ragged.${op}`);
  const wanted = castTo(invert ? flags.logicalNot() : flags, 'int32');
  const found = reduce(x.withFlatValues(wanted), axis, {...SUM, name: op});
  const result = invert ? flatOf(found).equal(0) : flatOf(found).greater(0);
  return isRagged(found) ? wrap<boolean>(result, found.partitions) : result;
}

/** Whether any element is true; false of no elements. */
export function any(x: RaggedTensor<Element>, axis?: Axis): Rows<boolean> {
  return counted(x, axis, 'any', false);
}

/** Whether all elements are true; true of no elements. */
export function all(x: RaggedTensor<Element>, axis?: Axis): Rows<boolean> {
  return counted(x, axis, 'all', true);
}

/** exp(x) / sum(exp(x)) over the last axis. */
export function softmax(x: RaggedTensor): RaggedTensor {
  const value = floating(x);
  if (value.flatValues.ndim > 1) return value.withFlatValues(value.flatValues.softmax());
  const {rowIds, nrows} = innermost(value);
  const flat = value.flatValues;
  const top = segmentMax(flat, rowIds, {numSegments: nrows}).take(rowIds, 0);
  const powers = flat.sub(top).exp();
  return value.withFlatValues(powers.div(segmentSum(powers, rowIds, {numSegments: nrows}).take(rowIds, 0)));
}

const innermost = (x: RaggedTensor): RowPartition => x.partitions.at(-1) ?? x.partition;
