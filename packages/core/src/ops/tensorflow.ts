import {type DType, type Element, isBigInteger, isFloating, isInteger} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {isSymbolic} from '../engine/hidden.js';
import {checkAxis, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toPair, toTensor} from './convert.js';
import {arange} from './create.js';
import {clip, floor, where} from './elementwise.js';
import {scatter} from './indexing.js';
import {checkIntegerOrList, checkList} from './lists.js';
import {trunc} from './math.js';
import {toIndices} from './nonzero.js';
import {argsort, unique} from './sorting.js';
import {concatenate, moveaxis} from './shape.js';

// Functions that TensorFlow has and Keras has not.

const index32 = (x: AnyTensorLike, op: string): Tensor => castTo(toIndices(x, op), 'int32', op);

/** Whether each position is before the end of its sequence: lengths (...) give (..., maxlen). */
export function sequenceMask(
  lengths: AnyTensorLike,
  options: {
    /** Default: the longest length. */
    maxlen?: number | null | undefined;
    /** Default bool. */
    dtype?: DType | undefined;
  } = {},
): Tensor<boolean> {
  const op = 'sequenceMask';
  checkOptions(op, options, ['maxlen', 'dtype'], {maxLen: 'maxlen'});
  const value = index32(lengths, op);
  const given = options.maxlen ?? null;
  if (given === null && isSymbolic(value)) {
    throw new ValueError(`${op}: maxlen is needed for symbolic lengths, got none`);
  }
  const count = given ?? (value.size === 0 ? 0 : Math.max(value.max().item(), 0));
  if (!Number.isInteger(count) || count < 0) {
    throw new ValueError(`${op}: maxlen must be an integer of at least 0, got ${describe(given)}`);
  }
  const mask = castTo(arange(count), value.dtype).less(value.expandDims(-1));
  return castTo<boolean>(mask, options.dtype ?? 'bool', op);
}

/** How many values fall into each of `nbins` equal bins of a range (int32); what is outside counts in the first or last one. */
export function histogramFixedWidth(
  values: AnyTensorLike,
  valueRange: readonly [low: number, high: number],
  options: {nbins?: number | undefined} = {},
): Tensor {
  const op = 'histogramFixedWidth';
  checkOptions(op, options, ['nbins']);
  const nbins = options.nbins ?? 100;
  const isList: boolean = Array.isArray(valueRange);
  const [low, high] = isList ? valueRange : [NaN, NaN];
  if (!Number.isInteger(nbins) || nbins < 1) {
    throw new ValueError(`${op}: nbins must be a positive integer, got ${describe(nbins)}`);
  }
  if (!(low < high)) {
    throw new ValueError(`${op}: valueRange must be [low, high] with low < high, got ${describe(valueRange)}`);
  }
  const value = toFloat(values, op).reshape([-1]);
  const scaled = value
    .sub(low)
    .div(high - low)
    .mul(nbins);
  const bins = castTo(clip(floor(scaled), 0, nbins - 1), 'int32', op);
  return scatter(bins.expandDims(-1), bins.onesLike(), [nbins]);
}

/** The distinct elements of a list in the order in which they come first, for each element its position among them, and counts. */
export function uniqueWithCounts(x: AnyTensorLike): {y: Tensor; idx: Tensor; count: Tensor} {
  const op = 'uniqueWithCounts';
  const value: Tensor = toTensor(x, op);
  if (value.ndim !== 1) throw new ShapeError(`${op}: x must have rank 1, got shape ${show(value.shape)}`);
  const sorted = unique(value, {returnIndex: true, returnInverse: true, returnCounts: true});
  const [y, first, inverse, counts] = Array.isArray(sorted) ? sorted : [];
  if (y === undefined || first === undefined || inverse === undefined || counts === undefined) {
    return {y: value, idx: value, count: value};
  }
  const order = argsort(first);
  return {y: y.take(order, 0), idx: argsort(order).take(inverse, 0), count: counts.take(order, 0)};
}

/** The elements of the list `x` that are not in `y`, and where they are in x (int32). */
export function setdiff1d(x: AnyTensorLike, y: AnyTensorLike): [out: Tensor, idx: Tensor] {
  const op = 'setdiff1d';
  const [value, other] = toPair(x, y, op);
  if (value.ndim !== 1 || other.ndim !== 1) {
    throw new ShapeError(`${op}: x and y must have rank 1, got shapes ${show(value.shape)} and ${show(other.shape)}`);
  }
  const known = new Set<unknown>(Array.from(other.data() as ArrayLike<unknown>));
  const kept = Array.from(value.data() as ArrayLike<unknown>).flatMap((element, i) => (known.has(element) ? [] : [i]));
  const idx = toTensor(Int32Array.from(kept), op);
  return [value.take(idx, 0), idx];
}

/** Entries of the first axes in `numPartitions` tensors, as `partitions` says for each. */
export function dynamicPartition(data: AnyTensorLike, partitions: AnyTensorLike, numPartitions: number): Tensor[] {
  const op = 'dynamicPartition';
  const value: Tensor = toTensor(data, op);
  const parts = toIndices(partitions, op);
  if (!Number.isInteger(numPartitions) || numPartitions < 1) {
    throw new ValueError(`${op}: numPartitions must be a positive integer, got ${describe(numPartitions)}`);
  }
  if (show(value.shape.slice(0, parts.ndim)) !== show(parts.shape)) {
    throw new ShapeError(
      `${op}: partitions must have the shape of the first axes of data, got ${show(parts.shape)} and ${show(value.shape)}`,
    );
  }
  const numbers = Array.from(parts.data(), Number);
  const odd = numbers.find((n) => n < 0 || n >= numPartitions);
  if (odd !== undefined) {
    throw new ValueError(`${op}: partitions must be below ${String(numPartitions)}, got ${String(odd)}`);
  }
  const rows = value.reshape([numbers.length, ...value.shape.slice(parts.ndim).map(Number)]);
  return Array.from({length: numPartitions}, (_, k) =>
    rows.take(Int32Array.from(numbers.flatMap((n, i) => (n === k ? [i] : []))), 0),
  );
}

/** The inverse of {@link dynamicPartition}: entries of several tensors at the places that `indices` says; the last one counts. */
export function dynamicStitch(indices: readonly AnyTensorLike[], data: readonly AnyTensorLike[]): Tensor {
  const op = 'dynamicStitch';
  checkList(op, 'indices', indices);
  checkList(op, 'data', data);
  if (indices.length !== data.length || data.length === 0) {
    throw new ValueError(
      `${op}: as many indices as data are needed, got ${String(indices.length)} and ${String(data.length)}`,
    );
  }
  const places = indices.map((each) => toIndices(each, op));
  const values = data.map((each): Tensor => toTensor(each, op));
  const rows = values.map((value, i) => {
    const place = places[i] ?? value;
    if (show(value.shape.slice(0, place.ndim)) !== show(place.shape)) {
      throw new ShapeError(
        `${op}: indices must have the shape of the first axes of data, got ${show(place.shape)} and ${show(value.shape)}`,
      );
    }
    return value.reshape([place.size, ...value.shape.slice(place.ndim).map(Number)]);
  });
  const flat = places.flatMap((place) => Array.from(place.data(), Number));
  if (flat.some((n) => n < 0))
    throw new ValueError(`${op}: indices must be at least 0, got ${String(Math.min(...flat))}`);
  const count = flat.reduce((most, n) => Math.max(most, n + 1), 0);
  const last = new Map(flat.map((place, i) => [place, i]));
  const chosen = [...last].sort(([a], [b]) => a - b);
  const found = concatenate(rows, 0).take(Int32Array.from(chosen.map(([, i]) => i)), 0);
  if (chosen.length === count) return found;
  const at = toTensor(Int32Array.from(chosen.map(([place]) => place)), op).expandDims(-1);
  return scatter(at, found, [count, ...found.shape.slice(1).map(Number)]);
}

/** Each sequence with its first `seqLengths[i]` entries turned round. */
export function reverseSequence(
  input: AnyTensorLike,
  seqLengths: AnyTensorLike,
  options: {
    /** Where the entries are. Default 1. */
    seqAxis?: number | undefined;
    /** Where the sequences are. Default 0. */
    batchAxis?: number | undefined;
  } = {},
): Tensor {
  const op = 'reverseSequence';
  checkOptions(op, options, ['seqAxis', 'batchAxis']);
  const value: Tensor = toTensor(input, op);
  const lengths = index32(seqLengths, op);
  const at = checkAxis(op, options.seqAxis ?? 1, value.ndim);
  const batch = checkAxis(op, options.batchAxis ?? 0, value.ndim);
  if (at === batch || lengths.ndim !== 1 || lengths.shape[0] !== value.shape[batch]) {
    throw new ShapeError(
      `${op}: a length for each entry of batchAxis ${String(batch)} and another seqAxis are needed, got lengths ${show(lengths.shape)} and input ${show(value.shape)}`,
    );
  }
  const front = moveaxis(value, [batch, at], [0, 1]);
  const [n, steps] = [front.dim(0), front.dim(1)];
  const longest = lengths.size === 0 ? 0 : lengths.max().item();
  if (longest > steps || (lengths.size > 0 && lengths.min().item() < 0)) {
    throw new ValueError(`${op}: seqLengths must be from 0 to ${String(steps)}, got ${String(longest)}`);
  }
  const step: Tensor = castTo(arange(steps), lengths.dtype);
  const turned = lengths.expandDims(-1).sub(1).sub(step);
  const places = where(turned.greaterEqual(0), turned, step.expandDims(0).broadcastTo([n, steps]));
  const rows = castTo(arange(n), lengths.dtype).expandDims(-1).mul(steps).add(places);
  const flat = front.reshape([n * steps, ...front.shape.slice(2).map(Number)]);
  return moveaxis(flat.take(rows, 0), [0, 1], [batch, at]);
}

/** How often each label (rows) was predicted as each class (columns). */
export function confusionMatrix(
  labels: AnyTensorLike,
  predictions: AnyTensorLike,
  options: {
    /** Default: the largest class + 1. */
    numClasses?: number | null | undefined;
    weights?: AnyTensorLike | null | undefined;
    /** Default int32. */
    dtype?: DType | undefined;
  } = {},
): Tensor {
  const op = 'confusionMatrix';
  checkOptions(op, options, ['numClasses', 'weights', 'dtype']);
  const [rows, columns] = [index32(labels, op).reshape([-1]), index32(predictions, op).reshape([-1])];
  if (rows.dim(0) !== columns.dim(0)) {
    throw new ShapeError(
      `${op}: as many predictions as labels are needed, got ${String(rows.dim(0))} labels and ${String(columns.dim(0))} predictions`,
    );
  }
  const places = concatenate([rows.expandDims(-1), columns.expandDims(-1)], 1);
  const count = options.numClasses ?? (places.size === 0 ? 0 : places.max().item() + 1);
  const dtype = options.dtype ?? 'int32';
  const weights = options.weights ?? null;
  const values: Tensor =
    weights === null ? castTo(rows.onesLike(), dtype, op) : castTo(toTensor<Element>(weights, op), dtype, op);
  return scatter(places, values.reshape([-1]), [count, count]);
}

/** a / b of integers without what is behind the point: towards zero. */
export function truncateDiv(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'truncateDiv');
  if (isFloating(x.dtype)) return trunc(x.div(y));
  if (!isInteger(x.dtype) && !isBigInteger(x.dtype)) {
    throw new DtypeError(`truncateDiv: a must have a number dtype, got ${x.dtype}`);
  }
  const down = x.floorDivide(y);
  // One more where the quotient was negative and cut.
  const up = down.less(0).logicalAnd(down.mul(y).notEqual(x));
  return where(up, down.add(1), down);
}

/** A bias for each channel: the last axis, or the second one with `channels_first`. */
export function biasAdd(
  x: AnyTensorLike,
  bias: AnyTensorLike,
  options: {dataFormat?: 'channels_last' | 'channels_first' | undefined} = {},
): Tensor {
  const op = 'biasAdd';
  checkOptions(op, options, ['dataFormat']);
  const [value, added] = toPair(x, bias, op);
  const channel = options.dataFormat === 'channels_first' ? 1 : value.ndim - 1;
  if (added.ndim !== 1 || added.shape[0] !== value.shape[channel]) {
    throw new ShapeError(
      `${op}: bias must have a number for each channel of x ${show(value.shape)}, got shape ${show(added.shape)}`,
    );
  }
  return value.add(added.reshape(value.shape.slice(channel).map((_, i) => (i === 0 ? -1 : 1))));
}

/** relu(x) and relu(-x) side by side. */
export function crelu(x: AnyTensorLike, axis = -1): Tensor {
  const value: Tensor = toTensor(x, 'crelu');
  return concatenate([value.relu(), value.neg().relu()], axis);
}

/** sum(x^2) / 2 */
export function l2Loss(x: AnyTensorLike): Tensor {
  return toFloat(x, 'l2Loss').square().sum().div(2);
}

/** x / sqrt(max(sum(x^2), epsilon)) along axes (all by default). */
export function l2Normalize(
  x: AnyTensorLike,
  axis: number | readonly number[] | null = null,
  options: {epsilon?: number | undefined} = {},
): Tensor {
  checkOptions('l2Normalize', options, ['epsilon']);
  const value = toFloat(x, 'l2Normalize');
  if (axis !== null) checkIntegerOrList('l2Normalize', 'axis', axis);
  const sum = value.square().sum({axis, keepdims: true});
  return value.mul(sum.maximum(options.epsilon ?? 1e-12).rsqrt());
}
