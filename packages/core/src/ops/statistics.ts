import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as convolutions from '../primitives/convolution.js';
import {checkAxes, show} from '../shape.js';
import {checkChoice, checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toFloatPair, toTensor} from './convert.js';
import {isnan, where} from './elementwise.js';
import {arange, linspace, zeros} from './create.js';
import {scatter, takeAlongAxis} from './indexing.js';
import {matmul} from './linalg.js';
import {toIndices} from './nonzero.js';
import {type Axis, axisOptions, max, mean, min, type ReduceOptions, variance} from './reduction.js';
import {moveaxis, stack} from './shape.js';
import {searchsorted, sort} from './sorting.js';

// Order statistics, averages, counts.

/** {@link max}, {@link min} and {@link variance} under their other names. */
export {max as amax, min as amin, variance as var};

/** The largest minus the smallest element over axes. */
export function ptp(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toTensor(x, 'ptp');
  return max(value, axis).sub(min(value, axis));
}

export interface AverageOptions {
  /** Default: all. */
  axis?: number | readonly number[] | null | undefined;
  /** As x, or one for each element of the axis. Default: all equal. */
  weights?: AnyTensorLike | null | undefined;
}

/** sum(x weights) / sum(weights) over axes. */
export function average(x: AnyTensorLike, axis?: number | AverageOptions | null): Tensor {
  const options = typeof axis === 'object' && axis !== null ? axis : {axis};
  checkOptions('average', options, ['axis', 'weights']);
  if (options.weights === undefined || options.weights === null) return mean(toFloat(x, 'average'), options.axis);
  const [value, given] = toFloatPair(x, options.weights, 'average');
  let weights = given;
  if (show(weights.shape) !== show(value.shape)) {
    const [at = 0, ...more] = checkAxes('average', options.axis, value.ndim);
    if (more.length > 0 || weights.ndim !== 1 || weights.dim(0) !== value.dim(at)) {
      throw new ShapeError(
        `average: weights must have the shape of x or of its axis, got x ${show(value.shape)} and weights ${show(weights.shape)}`,
      );
    }
    weights = weights.reshape(value.shape.map((n, i) => (i === at ? Number(n) : 1))).broadcastTo(value.shape);
  }
  return value.mul(weights).sum(options.axis).div(weights.sum(options.axis));
}

/** How a quantile between two elements is chosen. */
export type QuantileMethod = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

export interface QuantileOptions extends ReduceOptions {
  /** Default `'linear'`. */
  method?: QuantileMethod | undefined;
}

const METHODS = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;

function optionsOf(axis: Axis | QuantileOptions, op: string): QuantileOptions {
  if (typeof axis === 'object' && axis !== null && !Array.isArray(axis)) {
    checkOptions(op, axis, ['axis', 'keepdims', 'method'], {axes: 'axis', interpolation: 'method'});
    return axis as QuantileOptions;
  }
  return axisOptions(op, axis as Axis);
}

/** Quantiles of the elements, NaN left out or passed on. q keeps its shape in front of the rest. */
export function quantilesOf(
  x: AnyTensorLike,
  q: AnyTensorLike,
  axis: Axis | QuantileOptions,
  op: string,
  ignoreNan: boolean,
): Tensor {
  const {axis: given, keepdims, method = 'linear'} = optionsOf(axis, op);
  checkChoice(op, 'method', method, METHODS);
  const value = toFloat(x, op);
  const axes = checkAxes(op, given, value.ndim);
  const kept = value.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const outer = kept.map((i) => value.dim(i));
  const rows = value.transpose([...kept, ...axes]).reshape([outer.reduce((a, b) => a * b, 1), -1]);
  const n = rows.dim(1);
  if (n === 0) throw new ShapeError(`${op}: no elements to choose from in shape ${show(value.shape)}`);
  const sorted = sort(rows, 1);
  const missing = castTo(isnan(rows), value.dtype).sum({axis: 1, keepdims: true});
  const chance: Tensor = castTo(toTensor<Element>(q, op), value.dtype);
  const list = chance.reshape([1, -1]);
  if (Array.from(list.data(), Number).some((p) => !(p >= 0 && p <= 1))) {
    throw new ValueError(`${op}: probabilities must be in [0, 1], got ${String(chance)}`);
  }
  const last = (ignoreNan ? missing.neg().add(n) : missing.mul(0).add(n)).sub(1).maximum(0);
  const at = last.mul(list);
  const below = at.floor();
  const above = at.ceil();
  const pick = (position: Tensor) => takeAlongAxis(sorted, castTo(position, 'int32'), 1);
  const found = ((): Tensor => {
    switch (method) {
      case 'lower':
        return pick(below);
      case 'higher':
        return pick(above);
      case 'nearest':
        return pick(at.round());
      case 'midpoint':
        return pick(below).add(pick(above)).div(2);
      case 'linear': {
        const part = at.sub(below);
        const [low, high] = [pick(below), pick(above)];
        return low.mul(part.neg().add(1)).add(high.mul(part));
      }
    }
  })();
  const empty = ignoreNan ? missing.equal(n) : missing.greater(0);
  const result = moveaxis(where(empty, Number.NaN, found), 1, 0);
  const shape = keepdims === true ? value.shape.map((m, i) => (axes.includes(i) ? 1 : Number(m))) : outer;
  return result.reshape([...chance.shape.map(Number), ...shape]);
}

/** The values below which a fraction q of the elements lies. Shape: that of q, then the axes that are left. */
export function quantile(x: AnyTensorLike, q: AnyTensorLike, axis?: Axis | QuantileOptions): Tensor {
  return quantilesOf(x, q, axis, 'quantile', false);
}

/** {@link quantile} with q in percent. */
export function percentile(x: AnyTensorLike, q: AnyTensorLike, axis?: Axis | QuantileOptions): Tensor {
  return quantilesOf(x, toFloat(q, 'percentile').div(100), axis, 'percentile', false);
}

/** The middle element, or the mean of the two in the middle. */
export function median(x: AnyTensorLike, axis?: Axis): Tensor {
  return quantilesOf(x, 0.5, axis, 'median', false);
}

/** How often each of 0, 1, ... occurs (int32), or the sums of their weights; rows of a matrix are counted apart. */
export function bincount(
  x: AnyTensorLike,
  options: {weights?: AnyTensorLike | null | undefined; minlength?: number | undefined} = {},
): Tensor {
  const op = 'bincount';
  checkOptions(op, options, ['weights', 'minlength']);
  const value = toIndices(x, op);
  if (value.ndim !== 1 && value.ndim !== 2) {
    throw new ShapeError(`${op}: x must have rank 1 or 2, got shape ${show(value.shape)}`);
  }
  const list = Array.from(value.data() as ArrayLike<number | bigint>, Number);
  const top = list.reduce((most, n) => Math.max(most, n + 1), 0);
  if (list.some((n) => n < 0)) throw new ValueError(`${op}: x must not be negative`);
  const depth = Math.max(top, options.minlength ?? 0);
  const weights = options.weights === undefined || options.weights === null ? null : toTensor(options.weights, op);
  const counted: Tensor = weights ?? castTo(value.onesLike(), 'int32');
  if (value.ndim === 1) return scatter(value.reshape([-1, 1]), counted, [depth]);
  const rows: Tensor = castTo(arange(value.dim(0)), value.dtype);
  const pairs = stack([rows.reshape([-1, 1]).broadcastTo(value.shape), value], -1);
  return scatter(pairs, counted, [value.dim(0), depth]);
}

/** How many elements lie in each of `bins` equal intervals, and the edges, in the dtype of x. */
export function histogram(
  x: AnyTensorLike,
  options: {bins?: number | undefined; range?: readonly [number, number] | null | undefined} = {},
): [counts: Tensor, edges: Tensor] {
  checkOptions('histogram', options, ['bins', 'range']);
  const {bins = 10} = options;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new ValueError(`histogram: bins must be a positive integer, got ${String(bins)}`);
  }
  const value = toFloat(x, 'histogram').reshape([-1]);
  let [low, high] = options.range ?? (value.size === 0 ? [0, 1] : [value.min().item(), value.max().item()]);
  if (low > high) throw new ValueError(`histogram: range must ascend, got [${String(low)}, ${String(high)}]`);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const edges = linspace(low, high, bins + 1, {dtype: value.dtype});
  const inside = value.greaterEqual(low).logicalAnd(value.lessEqual(high));
  const index = searchsorted(edges, value, {side: 'right'})
    .sub(1)
    .clip(0, bins - 1);
  const flags: Tensor = castTo(inside, value.dtype);
  const counts: Tensor =
    value.size === 0 ? castTo(zeros([bins]), value.dtype) : scatter(index.reshape([-1, 1]), flags, [bins]);
  return [counts, edges];
}

/** Pearson's correlation of the rows of a matrix. */
export function corrcoef(x: AnyTensorLike): Tensor {
  const given = toFloat(x, 'corrcoef');
  const value = given.ndim === 1 ? given.reshape([1, -1]) : given;
  const centered = value.sub(mean(value, {axis: -1, keepdims: true}));
  const covariance = matmul(centered, centered.transpose());
  const scale = centered.square().sum({axis: -1, keepdims: true}).sqrt();
  const matrix = covariance.div(scale).div(scale.transpose());
  return given.ndim === 1 ? matrix.reshape([]) : matrix;
}

/** Sums of products of two lists at every shift: where both overlap wholly (`valid`), as long as the longer (`same`), or all (`full`). */
export function correlate(
  a: AnyTensorLike,
  b: AnyTensorLike,
  options: {mode?: 'valid' | 'same' | 'full' | undefined} = {},
): Tensor {
  checkOptions('correlate', options, ['mode']);
  const {mode = 'valid'} = options;
  checkChoice('correlate', 'mode', mode, ['valid', 'same', 'full']);
  const [x, y] = toFloatPair(a, b, 'correlate');
  if (x.ndim !== 1 || y.ndim !== 1) {
    throw new ShapeError(`correlate: both must have rank 1, got ${show(x.shape)} and ${show(y.shape)}`);
  }
  if (y.dim(0) > x.dim(0)) return correlate(y, x, options).flip(0);
  const m = y.dim(0);
  const low = mode === 'valid' ? 0 : mode === 'same' ? Math.floor(m / 2) : m - 1;
  const high = mode === 'valid' ? 0 : mode === 'same' ? m - 1 - Math.floor(m / 2) : m - 1;
  const attributes = {strides: [1], dilations: [1], low: [low], high: [high], groups: 1, activation: 'linear'} as const;
  const filter = y.reshape([m, 1, 1]);
  return apply(convolutions.convolution, [x.reshape([1, -1, 1]), filter], attributes, 'correlate').reshape([-1]);
}
