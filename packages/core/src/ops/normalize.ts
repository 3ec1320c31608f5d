import {ShapeError} from '../errors.js';
import {checkAxes, checkAxis, show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat} from './convert.js';
import {abs, maximum, where} from './elementwise.js';
import {checkList} from './lists.js';
import {epsilon as defaultEpsilon} from '../config.js';
import {max, mean, moments, sum} from './reduction.js';
import {type ReduceOptions} from './reduction.js';

// Normalization by given or own statistics, by norms, and clipping by norms.

/** A vector along one axis, to broadcast with x. */
function along(op: string, name: string, value: AnyTensorLike, x: Tensor, axes: readonly number[]): Tensor {
  const given: Tensor = castTo(toFloat(value, op), x.dtype);
  const sizes = axes.map((axis) => x.shape[axis] ?? null);
  if (given.ndim !== axes.length || given.shape.some((n, i) => sizes[i] !== null && n !== sizes[i])) {
    throw new ShapeError(
      `${op}: ${name} must have shape ${show(sizes)} for x of shape ${show(x.shape)}, got ${show(given.shape)}`,
    );
  }
  return given.reshape(x.shape.map((_, i) => (axes.includes(i) ? given.dim(axes.indexOf(i)) : 1)));
}

export interface BatchNormalizationOptions {
  /** Added at the end, beta. Default: nothing. */
  offset?: AnyTensorLike | null | undefined;
  /** Factor, gamma. Default: 1. */
  scale?: AnyTensorLike | null | undefined;
  /** Added to the variance. Default 1e-3. */
  epsilon?: number | undefined;
}

/** (x - mean) / sqrt(variance + epsilon) scale + offset, with statistics for each entry of an axis. */
export function batchNormalization(
  x: AnyTensorLike,
  mean: AnyTensorLike,
  variance: AnyTensorLike,
  axis: number,
  options: BatchNormalizationOptions = {},
): Tensor {
  const op = 'batchNormalization';
  checkOptions(op, options, ['offset', 'scale', 'epsilon'], {beta: 'offset', gamma: 'scale'});
  const value = toFloat(x, op);
  const axes = [checkAxis(op, axis, value.ndim)];
  const factor = along(op, 'variance', variance, value, axes)
    .add(options.epsilon ?? 1e-3)
    .rsqrt();
  const {scale, offset} = options;
  const scaled = scale === undefined || scale === null ? factor : factor.mul(along(op, 'scale', scale, value, axes));
  const y = value.sub(along(op, 'mean', mean, value, axes)).mul(scaled);
  return offset === undefined || offset === null ? y : y.add(along(op, 'offset', offset, value, axes));
}

export interface LayerNormalizationOptions {
  /** Factor, of the shape of the axes. Default: 1. */
  gamma?: AnyTensorLike | null | undefined;
  /** Added at the end. Default: nothing. */
  beta?: AnyTensorLike | null | undefined;
  /** Default -1. */
  axis?: number | readonly number[] | undefined;
  /** Added to the variance. Default: config.epsilon(). */
  epsilon?: number | null | undefined;
}

/** (x - mean) / sqrt(variance + epsilon) gamma + beta, with the statistics of the axes. */
export function layerNormalization(x: AnyTensorLike, options: LayerNormalizationOptions = {}): Tensor {
  const op = 'layerNormalization';
  checkOptions(op, options, ['gamma', 'beta', 'axis', 'epsilon'], {scale: 'gamma', offset: 'beta'});
  const value = toFloat(x, op);
  const axes = checkAxes(op, options.axis ?? -1, value.ndim);
  const [center, spread] = moments(value, {axes, keepdims: true});
  const y = value.sub(center).mul(spread.add(options.epsilon ?? defaultEpsilon()).rsqrt());
  const {gamma, beta} = options;
  const scaled = gamma === undefined || gamma === null ? y : y.mul(along(op, 'gamma', gamma, value, axes));
  return beta === undefined || beta === null ? scaled : scaled.add(along(op, 'beta', beta, value, axes));
}

export interface RmsNormalizationOptions {
  /** Factor, of the shape of the axes. Default: 1. */
  scale?: AnyTensorLike | null | undefined;
  /** Default -1. */
  axis?: number | readonly number[] | undefined;
  /** Added to the mean square. Default: config.epsilon(). */
  epsilon?: number | null | undefined;
}

/** x / sqrt(mean(x^2) + epsilon) scale, with the mean over the axes. */
export function rmsNormalization(x: AnyTensorLike, options: RmsNormalizationOptions = {}): Tensor {
  const op = 'rmsNormalization';
  checkOptions(op, options, ['scale', 'axis', 'epsilon'], {gamma: 'scale'});
  const value = toFloat(x, op);
  const axes = checkAxes(op, options.axis ?? -1, value.ndim);
  const square = mean(value.square(), {axis: axes, keepdims: true});
  const y = value.mul(square.add(options.epsilon ?? defaultEpsilon()).rsqrt());
  const {scale} = options;
  return scale === undefined || scale === null ? y : y.mul(along(op, 'scale', scale, value, axes));
}

export interface NormalizeOptions {
  /** Default -1. */
  axis?: number | readonly number[] | undefined;
  /** The exponent of the norm; Infinity for the largest size. Default 2. */
  order?: number | undefined;
  /** The least norm to divide by. Default: config.epsilon(). */
  epsilon?: number | null | undefined;
}

/** x / norm(x) over axes, so that the norm becomes 1. */
export function normalize(x: AnyTensorLike, options: NormalizeOptions = {}): Tensor {
  checkOptions('normalize', options, ['axis', 'order', 'epsilon'], {ord: 'order'});
  const value = toFloat(x, 'normalize');
  const {axis = -1, order = 2} = options;
  const least = options.epsilon ?? defaultEpsilon();
  const over: ReduceOptions = {axis, keepdims: true};
  if (order === 2)
    return value.mul(
      sum(value.square(), over)
        .maximum(least ** 2)
        .rsqrt(),
    );
  const size = abs(value);
  const norm = order === Infinity ? max(size, over) : sum(size.pow(order), over).pow(1 / order);
  return value.div(maximum(norm, least));
}

/** Every element brought into [min, max]. TensorFlow's name of `clip`. */
export {clip as clipByValue} from './elementwise.js';

/** x made shorter where its Euclidean norm over the axes exceeds `clipNorm`. */
export function clipByNorm(
  x: AnyTensorLike,
  clipNorm: number,
  options: {axes?: number | readonly number[] | null | undefined} = {},
): Tensor {
  checkOptions('clipByNorm', options, ['axes'], {axis: 'axes'});
  const value = toFloat(x, 'clipByNorm');
  const square = sum(value.square(), {axis: options.axes, keepdims: true});
  // No root of 0: its gradient would not be a number.
  const positive = square.greater(0);
  const one = square.onesLike();
  const norm = where(positive, where(positive, square, one).sqrt(), square);
  return value.mul(clipNorm).div(maximum(norm, clipNorm));
}

/** The Euclidean norm of all elements of all tensors. */
export function globalNorm(xs: readonly (AnyTensorLike | null)[]): Tensor {
  checkList('globalNorm', 'xs', xs);
  const squares = xs.flatMap((x) => (x === null ? [] : [toFloat(x, 'globalNorm').square().sum()]));
  const [first, ...rest] = squares;
  if (first === undefined) throw new ShapeError('globalNorm: at least one tensor is needed');
  return rest.reduce((a, b) => a.add(b), first).sqrt();
}

/** All tensors scaled by clipNorm / max(globalNorm, clipNorm), and that norm. Null entries stay null. */
export function clipByGlobalNorm(
  xs: readonly (AnyTensorLike | null)[],
  clipNorm: number,
  options: {useNorm?: Tensor | undefined} = {},
): [clipped: (Tensor | null)[], norm: Tensor] {
  checkOptions('clipByGlobalNorm', options, ['useNorm']);
  checkList('clipByGlobalNorm', 'xs', xs);
  const norm = options.useNorm ?? globalNorm(xs);
  const factor = norm.maximum(clipNorm).reciprocal().mul(clipNorm);
  return [xs.map((x) => (x === null ? null : toFloat(x, 'clipByGlobalNorm').mul(factor))), norm];
}
