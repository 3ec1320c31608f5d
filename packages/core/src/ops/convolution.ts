import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as convolutions from '../primitives/convolution.js';
import {show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toFloatPair, toTensor} from './convert.js';
import {type ConvOptions, type DataFormat, perAxis} from './nn.js';
import * as nn from './nn.js';
import {part} from './cumulative.js';
import {matmul} from './linalg.js';
import {concatenate, moveaxis, pad, reshape, stack} from './shape.js';

// Relatives of convolution and pooling.

const CONV_OPTIONS = ['strides', 'padding', 'dataFormat', 'dilationRate'] as const;

const toLast = (x: Tensor, format: DataFormat | undefined) => (format === 'channels_first' ? moveaxis(x, 1, -1) : x);
const fromLast = (x: Tensor, format: DataFormat | undefined) => (format === 'channels_first' ? moveaxis(x, -1, 1) : x);

/**
 * Convolution of each channel by itself.
 * @param kernel [window..., channels, multiplier]; channel c gives the outputs c multiplier to (c + 1) multiplier - 1
 */
export function depthwiseConv(inputs: AnyTensorLike, kernel: AnyTensorLike, options: ConvOptions = {}): Tensor {
  checkOptions('depthwiseConv', options, CONV_OPTIONS);
  const [x, filter] = toFloatPair(inputs, kernel, 'depthwiseConv');
  const channels = x.shape.at(options.dataFormat === 'channels_first' ? 1 : -1) ?? null;
  if (channels !== null && channels !== filter.shape.at(-2)) {
    throw new ShapeError(
      `depthwiseConv: the kernel must have a filter for each of ${String(channels)} channels, got kernel ${show(filter.shape)}`,
    );
  }
  const window = filter.shape.slice(0, -2).map(Number);
  const grouped = filter.reshape([...window, 1, filter.dim(-2) * filter.dim(-1)]);
  return nn.convolve(x, grouped, null, 'linear', options, 'depthwiseConv');
}

/** {@link depthwiseConv}, then a convolution with a window of 1 that mixes the channels. */
export function separableConv(
  inputs: AnyTensorLike,
  depthwiseKernel: AnyTensorLike,
  pointwiseKernel: AnyTensorLike,
  options: ConvOptions = {},
): Tensor {
  const deep = depthwiseConv(inputs, depthwiseKernel, options);
  return nn.conv(deep, pointwiseKernel, {dataFormat: options.dataFormat});
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Added to the output's size. Default: as much as makes it strides times the input's. */
  outputPadding?: number | readonly number[] | null | undefined;
}

/**
 * The transposed convolution: the gradient of `conv` with respect to its inputs.
 * @param kernel [window..., filters, channels]
 */
export function convTranspose(
  inputs: AnyTensorLike,
  kernel: AnyTensorLike,
  options: ConvTransposeOptions = {},
): Tensor {
  const op = 'convTranspose';
  checkOptions(op, options, [...CONV_OPTIONS, 'outputPadding']);
  const [given, filter] = toFloatPair(inputs, kernel, op);
  const rank = filter.ndim - 2;
  const x = toLast(given, options.dataFormat);
  if (rank < 1 || rank > 3 || x.ndim !== rank + 2 || (x.shape.at(-1) ?? null) !== filter.shape.at(-1)) {
    throw new ShapeError(
      `${op}: a kernel (window...,filters,channels) must fit the inputs, got inputs ${show(given.shape)} and kernel ${show(filter.shape)}`,
    );
  }
  const {padding = 'valid', outputPadding} = options;
  checkChoice(op, 'padding', padding, ['valid', 'same']);
  const strides = perAxis(op, 'strides', options.strides ?? 1, rank);
  const dilations = perAxis(op, 'dilationRate', options.dilationRate ?? 1, rank);
  const low: number[] = [];
  const high: number[] = [];
  const spatial = strides.map((stride, i) => {
    const n = x.shape[i + 1] ?? null;
    const window = (filter.dim(i) - 1) * (dilations[i] ?? 1) + 1;
    const extra = typeof outputPadding === 'number' ? outputPadding : outputPadding?.[i];
    // How much larger than strides times the input: the same for every input.
    const offset =
      padding === 'valid'
        ? extra === undefined
          ? Math.max(window - stride, 0)
          : window - stride + extra
        : extra === undefined
          ? 0
          : window - stride - 2 * Math.floor(window / 2) + extra;
    const cut = padding === 'valid' ? 0 : Math.max(window - stride - offset, 0);
    low.push(Math.floor(cut / 2));
    high.push(cut - Math.floor(cut / 2));
    return n === null ? null : n * stride + offset;
  });
  const shape = [x.shape[0] ?? null, ...spatial, filter.dim(-2)];
  const attributes = {strides, dilations, low, high, groups: 1, activation: 'linear', shape} as const;
  return fromLast(apply(convolutions.convolutionInputGradient, [x, filter], attributes, op), options.dataFormat);
}

function adaptive(
  inputs: AnyTensorLike,
  outputSize: number | readonly number[],
  options: {dataFormat?: DataFormat | undefined},
  op: string,
  along: (x: Tensor, axis: number, parts: readonly (readonly [number, number])[]) => Tensor,
): Tensor {
  checkOptions(op, options, ['dataFormat']);
  const value = toFloat(inputs, op);
  const rank = value.ndim - 2;
  if (rank < 1) throw new ShapeError(`${op}: inputs must have rank 3 or more, got shape ${show(value.shape)}`);
  const sizes = perAxis(op, 'outputSize', outputSize, rank);
  const first = options.dataFormat === 'channels_first' ? 2 : 1;
  return sizes.reduce((x, size, i) => {
    const n = x.dim(first + i);
    const parts = Array.from(
      {length: size},
      (_, j) => [Math.floor((j * n) / size), Math.ceil(((j + 1) * n) / size)] as const,
    );
    return along(x, first + i, parts);
  }, value);
}

/** An axis as windows of equal size, [..., parts, size, ...]; null where it does not divide into them. */
function splitEvenly(x: Tensor, axis: number, parts: number): Tensor | null {
  const size = x.dim(axis) / parts;
  if (!Number.isInteger(size) || x.shape.filter((n) => n === null).length > 1) return null;
  const shape = x.shape.map((n) => n ?? -1);
  return x.reshape([...shape.slice(0, axis), parts, size, ...shape.slice(axis + 1)]);
}

/** Means of windows that are laid so that the output has the size asked for. */
export function adaptiveAveragePool(
  inputs: AnyTensorLike,
  outputSize: number | readonly number[],
  options: {dataFormat?: DataFormat | undefined} = {},
): Tensor {
  return adaptive(inputs, outputSize, options, 'adaptiveAveragePool', (x, axis, parts) => {
    const split = splitEvenly(x, axis, parts.length);
    if (split !== null) return split.mean({axis: axis + 1});
    const n = x.dim(axis);
    const rows = parts.map(([from, to]) =>
      Array.from({length: n}, (_, i) => (i >= from && i < to ? 1 / (to - from) : 0)),
    );
    const weights = castTo(toTensor(rows.flat(), 'adaptiveAveragePool'), x.dtype).reshape([parts.length, n]);
    return moveaxis(matmul(moveaxis(x, axis, -1), weights.transpose()), -1, axis);
  });
}

/** Maxima of windows that are laid so that the output has the size asked for. */
export function adaptiveMaxPool(
  inputs: AnyTensorLike,
  outputSize: number | readonly number[],
  options: {dataFormat?: DataFormat | undefined} = {},
): Tensor {
  return adaptive(inputs, outputSize, options, 'adaptiveMaxPool', (x, axis, parts) => {
    const split = splitEvenly(x, axis, parts.length);
    if (split !== null) return split.max({axis: axis + 1});
    return concatenate(
      parts.map(([from, to]) => part(x, axis, from, to - from).max({axis, keepdims: true})),
      axis,
    );
  });
}

const blocks = (op: string, x: AnyTensorLike, blockSize: number): Tensor => {
  const value: Tensor = toTensor(x, op);
  if (value.ndim !== 4 || !Number.isInteger(blockSize) || blockSize < 1) {
    throw new ShapeError(
      `${op}: x must have rank 4 and blockSize be positive, got shape ${show(value.shape)} and ${describe(blockSize)}`,
    );
  }
  return value;
};

/** Channels become blocks of pixels: [n, h, w, c b b] -> [n, h b, w b, c]. */
export function depthToSpace(
  x: AnyTensorLike,
  blockSize: number,
  options: {dataFormat?: DataFormat | undefined} = {},
): Tensor {
  checkOptions('depthToSpace', options, ['dataFormat']);
  const value = toLast(blocks('depthToSpace', x, blockSize), options.dataFormat);
  const [h, w, c] = [value.dim(1), value.dim(2), value.dim(3)];
  if (c % blockSize ** 2 !== 0) {
    throw new ShapeError(`depthToSpace: ${String(c)} channels do not divide into blocks of ${String(blockSize ** 2)}`);
  }
  const rest = c / blockSize ** 2;
  const apart = value.reshape([-1, h, w, blockSize, blockSize, rest]).transpose([0, 1, 3, 2, 4, 5]);
  return fromLast(apart.reshape([-1, h * blockSize, w * blockSize, rest]), options.dataFormat);
}

/** Blocks of pixels become channels: [n, h b, w b, c] -> [n, h, w, c b b]. */
export function spaceToDepth(
  x: AnyTensorLike,
  blockSize: number,
  options: {dataFormat?: DataFormat | undefined} = {},
): Tensor {
  checkOptions('spaceToDepth', options, ['dataFormat']);
  const value = toLast(blocks('spaceToDepth', x, blockSize), options.dataFormat);
  const [h, w, c] = [value.dim(1) / blockSize, value.dim(2) / blockSize, value.dim(3)];
  if (!Number.isInteger(h) || !Number.isInteger(w)) {
    throw new ShapeError(
      `spaceToDepth: shape ${show(value.shape)} does not divide into blocks of ${String(blockSize)}`,
    );
  }
  const apart = value.reshape([-1, h, blockSize, w, blockSize, c]).transpose([0, 1, 3, 2, 4, 5]);
  return fromLast(apart.reshape([-1, h, w, c * blockSize ** 2]), options.dataFormat);
}

export interface WindowOptions {
  /** Default 1. */
  dilation?: number | readonly number[] | undefined;
  /** Zeros around. Default 0. */
  padding?: number | readonly number[] | undefined;
  /** Default 1. */
  stride?: number | readonly number[] | undefined;
}

interface Windows {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  /** Windows along each axis. */
  readonly count: readonly number[];
}

function windows(
  op: string,
  size: readonly number[],
  kernelSize: number | readonly number[],
  options: WindowOptions,
): Windows {
  checkOptions(op, options, ['dilation', 'padding', 'stride']);
  const kernel = perAxis(op, 'kernelSize', kernelSize, 2);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, 2);
  const stride = perAxis(op, 'stride', options.stride ?? 1, 2);
  const given = options.padding ?? 0;
  const padding = typeof given === 'number' ? [given, given] : given;
  const count = size.map((n, i) => {
    const span = (dilation[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;
    return Math.floor((n + 2 * (padding[i] ?? 0) - span) / (stride[i] ?? 1)) + 1;
  });
  if (count.some((n) => n < 1))
    throw new ShapeError(`${op}: windows of ${describe(kernelSize)} do not fit ${show(size)}`);
  return {kernel, dilation, padding, stride, count};
}

/** Windows of images as columns: [n, c, h, w] -> [n, c kernel kernel, windows]. */
export function unfold(x: AnyTensorLike, kernelSize: number | readonly number[], options: WindowOptions = {}): Tensor {
  const value: Tensor = toTensor(x, 'unfold');
  if (value.ndim !== 4) throw new ShapeError(`unfold: x must have rank 4, got shape ${show(value.shape)}`);
  const {kernel, dilation, padding, stride, count} = windows(
    'unfold',
    [value.dim(2), value.dim(3)],
    kernelSize,
    options,
  );
  const [ph = 0, pw = 0] = padding;
  const wide = pad(value, [
    [0, 0],
    [0, 0],
    [ph, ph],
    [pw, pw],
  ]);
  const positions = offsets({kernel, dilation, padding, stride, count});
  const parts = positions.map(([i, j]) => {
    const rows = slice(i, i + ((count[0] ?? 1) - 1) * (stride[0] ?? 1) + 1, stride[0]);
    const columns = slice(j, j + ((count[1] ?? 1) - 1) * (stride[1] ?? 1) + 1, stride[1]);
    return wide.at('...', rows, columns);
  });
  const columns = stack(parts, 2);
  return reshape(columns, [value.shape[0] ?? -1, value.dim(1) * positions.length, (count[0] ?? 1) * (count[1] ?? 1)]);
}

/** Where each element of the window is in the first window. */
function offsets({kernel, dilation}: Windows): (readonly [number, number])[] {
  const [kh = 1, kw = 1] = kernel;
  return Array.from(
    {length: kh * kw},
    (_, i) => [Math.floor(i / kw) * (dilation[0] ?? 1), (i % kw) * (dilation[1] ?? 1)] as const,
  );
}

/** The inverse of {@link unfold}: where windows overlap, their elements add up. */
export function fold(
  x: AnyTensorLike,
  outputSize: number | readonly number[],
  kernelSize: number | readonly number[],
  options: WindowOptions = {},
): Tensor {
  const value: Tensor = toTensor(x, 'fold');
  const [h = 1, w = 1] = perAxis('fold', 'outputSize', outputSize, 2);
  const plan = windows('fold', [h, w], kernelSize, options);
  const positions = offsets(plan);
  const [rows = 1, columns = 1] = plan.count;
  const [sh = 1, sw = 1] = plan.stride;
  const [ph = 0, pw = 0] = plan.padding;
  if (value.ndim !== 3 || value.dim(1) % positions.length !== 0 || value.dim(2) !== rows * columns) {
    throw new ShapeError(
      `fold: ${String(rows * columns)} windows of ${String(positions.length)} elements need shape (n,c ${String(positions.length)},${String(rows * columns)}), got ${show(value.shape)}`,
    );
  }
  const apart = value.reshape([-1, value.dim(1) / positions.length, positions.length, rows, columns]);
  const [height, width] = [h + 2 * ph, w + 2 * pw];
  const parts = positions.map(([i, j], k) => {
    const plane = apart.at(':', ':', k);
    // Zeros between the elements, then around them.
    const tall = spaced(plane, 2, sh);
    const grid = spaced(tall, 3, sw);
    return pad(grid, [
      [0, 0],
      [0, 0],
      [i, height - i - grid.dim(2)],
      [j, width - j - grid.dim(3)],
    ]);
  });
  const [first, ...others] = parts;
  if (first === undefined) throw new ValueError('fold: windows must have elements');
  return others.reduce((sum, each) => sum.add(each), first).at(':', ':', slice(ph, ph + h), slice(pw, pw + w));
}

/** Elements of an axis `step` apart, with zeros between. */
function spaced(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return x;
  const n = x.dim(axis);
  const open = x.reshape([...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)].map(Number));
  const filled = pad(
    open,
    open.shape.map((_, i) => (i === axis + 1 ? ([0, step - 1] as const) : ([0, 0] as const))),
  );
  const merged = filled.reshape(x.shape.map((size, i) => (i === axis ? n * step : Number(size))));
  return part(merged, axis, 0, n * step - step + 1);
}
