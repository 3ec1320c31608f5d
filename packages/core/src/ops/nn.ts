import {type DType, type Element, isFloating} from '../dtype.js';
import {epsilon, floatx} from '../config.js';
import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as convolutions from '../primitives/convolution.js';
import * as indexing from '../primitives/indexing.js';
import * as pooling from '../primitives/pooling.js';
import * as softmaxes from '../primitives/softmax.js';
import {checkAxes, checkAxis, show} from '../shape.js';
import {checkChoice, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';
import {clip} from './elementwise.js';
import {checkIntegerOrList} from './lists.js';
import {moveaxis} from './shape.js';

/** Applies a function of the last axis to another one. */
function alongAxis(x: Tensor, axis: number, op: string, fn: (x: Tensor) => Tensor): Tensor {
  const at = checkAxis(op, axis, x.ndim);
  return at === x.ndim - 1 ? fn(x) : moveaxis(fn(moveaxis(x, at, -1)), -1, at);
}

/** Applies a function of the last axis to several, flattened into one. */
function overAxes(x: Tensor, axes: readonly number[], op: string, fn: (x: Tensor) => Tensor): Tensor {
  const over = checkAxes(op, axes, x.ndim);
  const kept = x.shape.map((_, i) => i).filter((i) => !over.includes(i));
  const order = [...kept, ...over];
  const moved = x.transpose(order);
  const flat = moved.reshape([
    ...moved.shape.slice(0, kept.length).map((n) => n ?? -1),
    over.reduce((n, i) => n * x.dim(i), 1),
  ]);
  const back = order.map((_, i) => order.indexOf(i));
  return fn(flat)
    .reshape(moved.shape.map((n) => n ?? -1))
    .transpose(back);
}

// The kernels compute in single or double precision.
function inSinglePrecision(x: Tensor, fn: (x: Tensor) => Tensor): Tensor {
  if (x.dtype === 'float32' || x.dtype === 'float64') return fn(x);
  return castTo(fn(castTo(x, 'float32')), x.dtype);
}

/** exp(x) / sum(exp(x)) along an axis. */
export function softmax(x: AnyTensorLike, axis: number | readonly number[] = -1): Tensor {
  const value = toFloat(x, 'softmax');
  checkIntegerOrList('softmax', 'axis', axis);
  if (typeof axis !== 'number') return overAxes(value, axis, 'softmax', softmax);
  return inSinglePrecision(value, (v) =>
    alongAxis(v, axis, 'softmax', (last) => apply(softmaxes.softmax, [last], undefined)),
  );
}

/** log(softmax(x)), without overflow. */
export function logSoftmax(x: AnyTensorLike, axis: number | readonly number[] = -1): Tensor {
  const value = toFloat(x, 'logSoftmax');
  checkIntegerOrList('logSoftmax', 'axis', axis);
  if (typeof axis !== 'number') return overAxes(value, axis, 'logSoftmax', logSoftmax);
  return inSinglePrecision(value, (v) =>
    alongAxis(v, axis, 'logSoftmax', (last) => apply(softmaxes.logSoftmax, [last], undefined)),
  );
}

/** A new axis with 1 at the index and 0 elsewhere. */
export function oneHot(
  x: AnyTensorLike,
  numClasses: number,
  options: {axis?: number | undefined; dtype?: DType | undefined} = {},
): Tensor {
  const index = toTensor<Element>(x, 'oneHot');
  if (!Number.isInteger(numClasses) || numClasses < 0) {
    throw new ValueError(`oneHot: numClasses must be a non-negative integer, got ${describe(numClasses)}`);
  }
  const {axis = -1, dtype = floatx()} = options;
  const ids = index.dtype === 'int32' || index.dtype === 'int64' ? index : castTo<Element>(index, 'int32');
  const last: Tensor = apply(indexing.oneHot, [ids], {depth: numClasses, dtype, on: 1, off: 0}, 'oneHot');
  return axis === -1 || axis === index.ndim ? last : moveaxis(last, -1, axis);
}

/** Entries along an axis by index (of the flattened tensor without one); negative indices count from the end. */
export function take(x: AnyTensorLike, indices: AnyTensorLike, axis?: number | null): Tensor {
  const value: Tensor = toTensor(x, 'take');
  const index = toTensor<Element>(indices, 'take');
  const ids = index.dtype === 'int32' || index.dtype === 'int64' ? index : castTo<Element>(index, 'int32');
  if (isFloating(index.dtype) && typeof indices === 'object' && 'shape' in indices) {
    throw new ValueError(`take: indices must be integers, got ${index.dtype}`);
  }
  if (axis === undefined || axis === null) return apply(indexing.gather, [value.reshape([-1]), ids], {axis: 0}, 'take');
  return apply(indexing.gather, [value, ids], {axis}, 'take');
}

/** Zeros before and after an axis so that the output has ceil(n / stride) entries; the odd one goes to the end. */
export function samePadding(
  size: number,
  window: number,
  stride: number,
  dilation: number,
): [low: number, high: number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1 - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** A number for each of `rank` axes. */
export function perAxis(op: string, name: string, value: number | readonly number[], rank: number): readonly number[] {
  const list: readonly number[] = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  const isList: boolean = Array.isArray(list);
  if (!isList || list.length !== rank || list.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ValueError(
      `${op}: ${name} must be a positive integer or ${String(rank)} of them, got ${describe(value)}`,
    );
  }
  return list;
}

export type Padding = 'valid' | 'same';
export type DataFormat = 'channels_last' | 'channels_first';

export interface ConvOptions {
  /** Default 1. */
  strides?: number | readonly number[] | undefined;
  /** Default `'valid'`. */
  padding?: Padding | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Default 1. */
  dilationRate?: number | readonly number[] | undefined;
}

function windowPadding(
  op: string,
  x: Tensor,
  window: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: Padding,
): {low: number[]; high: number[]} {
  checkChoice(op, 'padding', padding, ['valid', 'same']);
  if (padding === 'valid') return {low: window.map(() => 0), high: window.map(() => 0)};
  const pairs = window.map((size, i) => {
    const n = x.shape[i + 1];
    // An open axis is padded as for stride 1: its size is open in the result as well.
    if (n === null || n === undefined) return samePadding(size * (dilations[i] ?? 1) * 2, size, 1, dilations[i] ?? 1);
    return samePadding(n, size, strides[i] ?? 1, dilations[i] ?? 1);
  });
  return {low: pairs.map(([low]) => low), high: pairs.map(([, high]) => high)};
}

const toLast = (x: Tensor, format: DataFormat | undefined) => (format === 'channels_first' ? moveaxis(x, 1, -1) : x);
const fromLast = (x: Tensor, format: DataFormat | undefined) => (format === 'channels_first' ? moveaxis(x, -1, 1) : x);

/**
 * Convolution over 1 to 3 spatial axes (cross-correlation, as everywhere in deep learning).
 * @param inputs [n, spatial..., channels], or [n, channels, spatial...] with `channels_first`
 * @param kernel [window..., channels / groups, filters]
 */
export function conv(inputs: AnyTensorLike, kernel: AnyTensorLike, options: ConvOptions = {}): Tensor {
  return convolve(toFloat(inputs, 'conv'), toFloat(kernel, 'conv'), null, 'linear', options, 'conv');
}

/** Half types are storage: kernels compute in single precision, and the result is rounded once. */
function inSingle(tensors: readonly (Tensor | null)[], compute: (...tensors: (Tensor | null)[]) => Tensor): Tensor {
  const dtype = tensors[0]?.dtype;
  const half = dtype === 'float16' || dtype === 'bfloat16';
  if (!half || tensors.some((one) => one !== null && one.dtype !== dtype)) return compute(...tensors);
  return castTo(compute(...tensors.map((one) => (one === null ? null : castTo(one, 'float32')))), dtype);
}

/** `conv` with bias and activation in the same pass: what layers use. */
export function convolve(
  inputs: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
  activation: convolutions.ConvolutionAttributes['activation'],
  options: ConvOptions,
  op: string,
): Tensor {
  return inSingle([inputs, kernel, bias], (x, filter, offset) =>
    convolveSingle(x ?? inputs, filter ?? kernel, offset ?? null, activation, options, op),
  );
}

function convolveSingle(
  inputs: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
  activation: convolutions.ConvolutionAttributes['activation'],
  options: ConvOptions,
  op: string,
): Tensor {
  const rank = kernel.ndim - 2;
  if (rank < 1 || rank > 3 || inputs.ndim !== rank + 2) {
    throw new ShapeError(
      `${op}: inputs and kernel must have rank 3 to 5 and agree, got inputs ${show(inputs.shape)} and kernel ${show(kernel.shape)}`,
    );
  }
  const strides = perAxis(op, 'strides', options.strides ?? 1, rank);
  const dilations = perAxis(op, 'dilationRate', options.dilationRate ?? 1, rank);
  // As in Keras, convolutions of each channel by itself take both.
  const both = strides.some((n) => n > 1) && dilations.some((n) => n > 1);
  if (both && op !== 'depthwiseConv') {
    throw new ValueError(
      `${op}: strides above 1 and dilationRate above 1 cannot be combined, got ${describe(strides)} and ${describe(dilations)}`,
    );
  }
  const x = toLast(inputs, options.dataFormat);
  const window = kernel.shape.slice(0, rank).map((n) => n ?? 1);
  const channels = x.shape.at(-1) ?? null;
  const groups = channels === null ? 1 : Math.max(Math.floor(channels / kernel.dim(-2)), 1);
  const attributes = {
    strides,
    dilations,
    ...windowPadding(op, x, window, strides, dilations, options.padding ?? 'valid'),
    groups,
    activation,
  };
  const y: Tensor =
    bias === null
      ? apply(convolutions.convolution, [x, kernel], attributes, op)
      : apply(convolutions.convolutionBias, [x, kernel, bias], attributes, op);
  return fromLast(y, options.dataFormat);
}

export interface PoolOptions {
  /** Default: the pool size. */
  strides?: number | readonly number[] | null | undefined;
  /** Default `'valid'`. */
  padding?: Padding | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

function pool(
  primitive: typeof pooling.maxPool,
  inputs: AnyTensorLike,
  poolSize: number | readonly number[],
  options: PoolOptions,
  op: string,
): Tensor {
  const value = toFloat(inputs, op);
  const rank = value.ndim - 2;
  if (rank < 1 || rank > 3) throw new ShapeError(`${op}: inputs must have rank 3 to 5, got shape ${show(value.shape)}`);
  const window = perAxis(op, 'poolSize', poolSize, rank);
  const strides = perAxis(op, 'strides', options.strides ?? window, rank);
  const x = toLast(value, options.dataFormat);
  const padding = windowPadding(
    op,
    x,
    window,
    strides,
    window.map(() => 1),
    options.padding ?? 'valid',
  );
  const y = inSingle([x], (single) => apply(primitive, [single ?? x], {window, strides, ...padding}, op));
  return fromLast(y, options.dataFormat);
}

/** Maxima of windows over 1 to 3 spatial axes. */
export function maxPool(
  inputs: AnyTensorLike,
  poolSize: number | readonly number[],
  options: PoolOptions = {},
): Tensor {
  return pool(pooling.maxPool, inputs, poolSize, options, 'maxPool');
}

/** Means of windows over 1 to 3 spatial axes; padding is left out. */
export function averagePool(
  inputs: AnyTensorLike,
  poolSize: number | readonly number[],
  options: PoolOptions = {},
): Tensor {
  return pool(pooling.averagePool, inputs, poolSize, options, 'averagePool');
}

export interface CrossentropyOptions {
  /** Whether the output holds logits instead of probabilities. Default false. */
  fromLogits?: boolean | undefined;
  /** Where the classes are. Default -1. */
  axis?: number | undefined;
}

/** -sum(target log(output)) along the classes; probabilities are normalized and clipped to [1e-7, 1 - 1e-7], as in Keras. */
export function categoricalCrossentropy(
  target: AnyTensorLike,
  output: AnyTensorLike,
  options: CrossentropyOptions = {},
): Tensor {
  const op = 'categoricalCrossentropy';
  const y = toFloat(output, op);
  const t = toFloat(target, op);
  const axis = options.axis ?? -1;
  if (t.ndim !== y.ndim || t.shape.some((n, i) => n !== null && y.shape[i] !== null && n !== y.shape[i])) {
    throw new ShapeError(`${op}: target and output must have one shape, got ${show(t.shape)} and ${show(y.shape)}`);
  }
  if (options.fromLogits === true) {
    const fused = y.dtype === 'float32' || y.dtype === 'float64';
    if (fused && axisAt(axis, y) === y.ndim - 1) return crossEntropyOfLogits(t, y, op);
    return t.mul(logSoftmax(y, axis)).sum({axis}).neg();
  }
  const p = clip(y.div(y.sum({axis, keepdims: true})), epsilon(), 1 - epsilon());
  return t.mul(p.log()).sum({axis}).neg();
}

const axisAt = (axis: number, {ndim}: Tensor): number => (axis < 0 ? axis + ndim : axis);

// In one pass, with the gradient softmax(y) - t.
function crossEntropyOfLogits(t: Tensor, y: Tensor, op: string): Tensor {
  if (y.ndim === 2) return softmaxes.crossEntropy(softmaxes.softmaxCrossEntropy, y, t, op);
  const rows = [-1, y.dim(-1)];
  const flat = softmaxes.crossEntropy(softmaxes.softmaxCrossEntropy, y.reshape(rows), t.reshape(rows), op);
  return flat.reshape(y.shape.slice(0, -1).map((n) => n ?? -1));
}

/** -log(output[target]) with integer targets, as Keras on TensorFlow computes it: probabilities are clipped, then renormalized. */
export function sparseCategoricalCrossentropy(
  target: AnyTensorLike,
  output: AnyTensorLike,
  options: CrossentropyOptions = {},
): Tensor {
  const op = 'sparseCategoricalCrossentropy';
  const y = toFloat(output, op);
  const labels = toTensor<Element>(target, op);
  const axis = checkAxis(op, options.axis ?? -1, y.ndim);
  const ids = labels.dtype === 'int64' ? labels : castTo<Element>(labels, 'int32');
  const logits = options.fromLogits === true ? y : clip(y, epsilon(), 1 - epsilon()).log();
  const last = axis === y.ndim - 1 ? logits : moveaxis(logits, axis, -1);
  const squeezed = ids.ndim === y.ndim && ids.shape.at(-1) === 1 ? (ids as Tensor).squeeze(-1) : (ids as Tensor);
  const outer = last.shape.slice(0, -1);
  if (
    squeezed.ndim !== outer.length ||
    squeezed.shape.some((n, i) => n !== outer[i] && n !== null && outer[i] !== null)
  ) {
    throw new ShapeError(
      `${op}: targets must have the output's shape without its classes, got target ${show(labels.shape)} and output ${show(y.shape)}`,
    );
  }
  if (last.ndim === 2) return softmaxes.crossEntropy(softmaxes.sparseSoftmaxCrossEntropy, last, squeezed, op);
  const flat = softmaxes.crossEntropy(
    softmaxes.sparseSoftmaxCrossEntropy,
    last.reshape([-1, last.dim(-1)]),
    squeezed.reshape([-1]),
    op,
  );
  return flat.reshape(outer.map((n) => n ?? -1));
}

/** -(target log(output) + (1 - target) log(1 - output)), element by element. */
export function binaryCrossentropy(
  target: AnyTensorLike,
  output: AnyTensorLike,
  options: {fromLogits?: boolean | undefined} = {},
): Tensor {
  const op = 'binaryCrossentropy';
  const y = toFloat(output, op);
  const t = toFloat(target, op);
  if (options.fromLogits === true) {
    // log(1 + exp(-x)) + x (1 - t): stable for large |x|, with the gradient sigmoid(x) - t everywhere
    return y
      .neg()
      .softplus()
      .add(y.mul(t.neg().add(1)));
  }
  const p = clip(y, epsilon(), 1 - epsilon());
  return t
    .mul(p.log())
    .add(t.neg().add(1).mul(p.neg().add(1).log()))
    .neg();
}
