import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as sorting from '../primitives/sorting.js';
import {checkAxis, show} from '../shape.js';
import {checkChoice, checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toPair, toTensor} from './convert.js';
import {takeAlongAxis} from './indexing.js';
import {concatenate, moveaxis} from './shape.js';

// Order: sorting, the largest elements, places in sorted lists. NaN counts as the largest number.

interface Order {
  readonly descending: boolean;
  readonly count: number | null;
}

const indicesOf = (x: Tensor<Element>, order: Order, op: string): Tensor => apply(sorting.argsort, [x], order, op);

/** Elements in ascending order along an axis; of the flattened tensor where it is null. */
export function sort(x: AnyTensorLike, axis: number | null = -1): Tensor {
  const value: Tensor = toTensor(x, 'sort');
  if (axis === null) return sort(value.reshape([-1]), 0);
  const at = checkAxis('sort', axis, value.ndim);
  const last = at === value.ndim - 1 ? value : moveaxis(value, at, -1);
  const sorted = takeAlongAxis(last, indicesOf(last, {descending: false, count: null}, 'sort'), -1);
  return at === value.ndim - 1 ? sorted : moveaxis(sorted, -1, at);
}

/** The positions (int32) that sort an axis; equal elements keep their order. */
export function argsort(x: AnyTensorLike, axis: number | null = -1): Tensor {
  const value: Tensor = toTensor(x, 'argsort');
  if (axis === null) return argsort(value.reshape([-1]), 0);
  const at = checkAxis('argsort', axis, value.ndim);
  const last = at === value.ndim - 1 ? value : moveaxis(value, at, -1);
  const order = indicesOf(last, {descending: false, count: null}, 'argsort');
  return at === value.ndim - 1 ? order : moveaxis(order, -1, at);
}

/** Positions (int32) after which element `kth` is in its sorted place, smaller ones before it and larger ones behind. */
export function argpartition(x: AnyTensorLike, kth: number, axis: number | null = -1): Tensor {
  const value: Tensor = toTensor(x, 'argpartition');
  const n = axis === null ? value.size : value.dim(axis);
  if (!Number.isInteger(kth) || kth < -n || kth >= n) {
    throw new ShapeError(`argpartition: kth ${String(kth)} does not exist in an axis of size ${String(n)}`);
  }
  return argsort(value, axis);
}

/** The k largest elements of the last axis, from the largest, and their positions (int32). */
export function topK(
  x: AnyTensorLike,
  k: number,
  options: {sorted?: boolean | undefined; isStable?: boolean | undefined} = {},
): [values: Tensor, indices: Tensor] {
  checkOptions('topK', options, ['sorted', 'isStable']);
  const value: Tensor = toTensor(x, 'topK');
  const indices = indicesOf(value, {descending: true, count: k}, 'topK');
  return [takeAlongAxis(value, indices, -1), indices];
}

/** Whether the prediction at each target class is among the k largest of its row; predictions that are not finite never are. */
export function inTopK(targets: AnyTensorLike, predictions: AnyTensorLike, k: number): Tensor<boolean> {
  const scores: Tensor = toTensor(predictions, 'inTopK');
  const classes: Tensor = castTo(toTensor<Element>(targets, 'inTopK'), 'int32');
  if (scores.ndim !== 2 || classes.ndim !== 1 || scores.dim(0) !== classes.dim(0)) {
    throw new ShapeError(
      `inTopK: targets of shape (n,) and predictions of shape (n,classes) are needed, got ${show(classes.shape)} and ${show(scores.shape)}`,
    );
  }
  const inside = classes.greaterEqual(0).logicalAnd(classes.less(scores.dim(1)));
  const chosen = takeAlongAxis(scores, classes.clip(0, scores.dim(1) - 1).reshape([-1, 1]), 1);
  const better = castTo(scores.greater(chosen), 'int32').sum(1);
  const finite = chosen.isfinite().squeeze(-1);
  return better.less(k).logicalAnd(finite).logicalAnd(inside);
}

/** Where each value belongs in an ascending list (int32): before equal elements (`left`) or behind them. */
export function searchsorted(
  sortedSequence: AnyTensorLike,
  values: AnyTensorLike,
  options: {side?: 'left' | 'right' | undefined} = {},
): Tensor {
  checkOptions('searchsorted', options, ['side']);
  const side = options.side ?? 'left';
  checkChoice('searchsorted', 'side', side, ['left', 'right']);
  const [list, wanted] = toPair(sortedSequence, values, 'searchsorted');
  return apply(sorting.searchsorted, [list, wanted], {right: side === 'right'}, 'searchsorted');
}

/** Which of the bins between ascending edges each element is in (int32): 0 below the first edge. */
export function digitize(x: AnyTensorLike, bins: AnyTensorLike): Tensor {
  const [value, edges] = toPair(x, bins, 'digitize');
  return apply(sorting.searchsorted, [edges, value], {right: true}, 'digitize');
}

/** Whether each element of a is anywhere in b. */
export function isin(
  a: AnyTensorLike,
  b: AnyTensorLike,
  options: {assumeUnique?: boolean | undefined; invert?: boolean | undefined} = {},
): Tensor<boolean> {
  checkOptions('isin', options, ['assumeUnique', 'invert']);
  const [x, y] = toPair(a, b, 'isin');
  const list = sort(y.reshape([-1]), 0);
  if (list.size === 0) return options.invert === true ? x.equal(x) : x.notEqual(x);
  const after = apply(sorting.searchsorted, [list, x], {right: true}, 'isin');
  const before = apply(sorting.searchsorted, [list, x], {right: false}, 'isin');
  const found = after.greater(before);
  return options.invert === true ? found.logicalNot() : found;
}

export interface UniqueOptions {
  /** Default true; the order is ascending either way. */
  sorted?: boolean | undefined;
  /** Whether to give the first position of each. Default false. */
  returnIndex?: boolean | undefined;
  /** Whether to give, for each element, its position in the result. Default false. */
  returnInverse?: boolean | undefined;
  /** Whether to give how often each occurs. Default false. */
  returnCounts?: boolean | undefined;
  /** Compare whole slices of this axis; of the flattened tensor by default. */
  axis?: number | null | undefined;
}

/** The distinct elements in ascending order; with more asked for, a list: values, index, inverse, counts (int32). */
export function unique(x: AnyTensorLike, options: UniqueOptions = {}): Tensor | Tensor[] {
  checkOptions('unique', options, ['sorted', 'returnIndex', 'returnInverse', 'returnCounts', 'axis']);
  const value: Tensor = toTensor(x, 'unique');
  const axis = options.axis ?? null;
  const at = axis === null ? 0 : checkAxis('unique', axis, value.ndim);
  const front = axis === null ? value.reshape([-1]) : moveaxis(value, at, 0);
  const n = front.dim(0);
  const rows = front.reshape([n, -1]);
  const {order, starts} = groups(rows);
  const firsts = starts.map((position) => order[position] ?? 0);
  const taken = gatherRows(front, firsts);
  const values = axis === null ? taken : moveaxis(taken, 0, at);
  const more: Tensor[] = [];
  if (options.returnIndex === true) more.push(integers(firsts));
  if (options.returnInverse === true) {
    const inverse = new Array<number>(n).fill(0);
    starts.forEach((from, group) => {
      for (let i = from; i < (starts[group + 1] ?? n); i++) inverse[order[i] ?? 0] = group;
    });
    const list = integers(inverse);
    more.push(axis === null ? list.reshape(value.shape.map(Number)) : list);
  }
  if (options.returnCounts === true) more.push(integers(starts.map((from, i) => (starts[i + 1] ?? n) - from)));
  return more.length === 0 ? values : [values, ...more];
}

const integers = (list: readonly number[]): Tensor => toTensor(Int32Array.from(list), 'unique');

const gatherRows = (x: Tensor, rows: readonly number[]): Tensor => x.take(integers(rows), 0);

/** The order that sorts rows, and where runs of equal rows begin in it. */
function groups(rows: Tensor): {order: readonly number[]; starts: readonly number[]} {
  const n = rows.dim(0);
  const width = rows.dim(1);
  let order = integers(Array.from({length: n}, (_, i) => i));
  // From the last column to the first, stably.
  for (let column = width - 1; column >= 0; column--) {
    const keys = rows.at(':', column).take(order);
    order = order.take(indicesOf(keys, {descending: false, count: null}, 'unique'));
  }
  const list = Array.from(order.data(), Number);
  if (n === 0) return {order: list, starts: []};
  const sorted = rows.take(order, 0);
  const changes = sorted.at('1:').notEqual(sorted.at(':-1')).any(1);
  const flags = concatenate([castTo(changes, 'int32')]).data();
  const starts = [0, ...Array.from(flags, Number).flatMap((changed, i) => (changed === 0 ? [] : [i + 1]))];
  return {order: list, starts};
}
