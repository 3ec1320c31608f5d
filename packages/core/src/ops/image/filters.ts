import {isFloating} from '../../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../../errors.js';
import {sameShape, show} from '../../shape.js';
import {checkOptions, describe} from '../../suggest.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloatPair, toTensor} from '../convert.js';
import {depthwiseConv} from '../convolution.js';
import {conv} from '../nn.js';
import {pad} from '../shape.js';
import {batchOf, checkSize, type ImageOptions, numbers} from './batch.js';

// Convolutions with fixed kernels.

function floatingBatch(op: string, images: AnyTensorLike, {dataFormat}: ImageOptions) {
  const batch = batchOf(op, images, dataFormat);
  if (!isFloating(batch.images.dtype)) {
    throw new DtypeError(
      `${op}: images must be floating numbers, got ${batch.images.dtype}; convert them with cast('float32')`,
    );
  }
  return batch;
}

/** exp(-x^2 / (2 sigma^2)) around the middle of `size` elements, with sum 1. */
export function gaussian(size: number, sigma: number): number[] {
  const values = Array.from({length: size}, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2));
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}

function checkSigma(op: string, sigma: unknown): readonly [number, number] {
  const list: unknown[] = Array.isArray(sigma) ? sigma : [];
  const [a, b] = list;
  if (list.length !== 2 || typeof a !== 'number' || typeof b !== 'number' || !(a > 0) || !(b > 0)) {
    throw new ValueError(`${op}: sigma must be two positive numbers, got ${describe(sigma)}`);
  }
  return [a, b];
}

/** Each channel of images by itself with one window, zeros around: (n, height, width, channels). */
export function blurred(images: Tensor, rows: readonly number[], columns: readonly number[]): Tensor {
  const channels = images.dim(3);
  const window = rows.flatMap((row) => columns.flatMap((column) => new Array<number>(channels).fill(row * column)));
  const kernel = numbers(window, images.dtype, 'gaussianBlur').reshape([rows.length, columns.length, channels, 1]);
  return depthwiseConv(images, kernel, {padding: 'same'});
}

export interface GaussianBlurOptions extends ImageOptions {
  /** [height, width] of the window. Default [3, 3]. */
  kernelSize?: readonly [number, number] | undefined;
  /** Standard deviations in pixels: along the width, then along the height, as in Keras. Default [1, 1]. */
  sigma?: readonly [number, number] | undefined;
}

/** Images blurred by a Gaussian window, with zeros around them. */
export function gaussianBlur(images: AnyTensorLike, options: GaussianBlurOptions = {}): Tensor {
  const op = 'image.gaussianBlur';
  checkOptions(op, options, ['kernelSize', 'sigma', 'dataFormat']);
  const [height, width] = checkSize(op, 'kernelSize', options.kernelSize ?? [3, 3]);
  const [across, down] = checkSigma(op, options.sigma ?? [1, 1]);
  const {images: value, back} = floatingBatch(op, images, options);
  return back(blurred(value, gaussian(height, down), gaussian(width, across)));
}

/**
 * Sobel's vertical and horizontal differences, as a new last axis of 2: (n, height, width, channels, 2). The images are mirrored at
 * their borders.
 */
export function sobelEdges(images: AnyTensorLike, options: ImageOptions = {}): Tensor {
  const op = 'image.sobelEdges';
  checkOptions(op, options, ['dataFormat']);
  const rank = toTensor(images, op).ndim;
  if (rank !== 4) {
    throw new ShapeError(`${op}: a batch of images (rank 4) is needed, got shape ${show(toTensor(images, op).shape)}`);
  }
  const {images: value} = floatingBatch(op, images, options);
  const channels = value.dim(3);
  const down = [-1, -2, -1, 0, 0, 0, 1, 2, 1];
  const across = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
  const window = down.flatMap((n, i) => Array.from({length: channels}, () => [n, across[i] ?? 0]).flat());
  const kernel = numbers(window, value.dtype, op).reshape([3, 3, channels, 2]);
  const border = [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ] as const;
  const edges = depthwiseConv(pad(value, border, {mode: 'reflect'}), kernel);
  const apart = edges.reshape([...edges.shape.slice(0, 3).map((n) => n ?? -1), channels, 2]);
  return options.dataFormat === 'channels_first' ? apart.transpose([0, 3, 1, 2, 4]) : apart;
}

export interface SsimOptions extends ImageOptions {
  /** The largest possible value of a pixel. Default 1. */
  maxVal?: number | undefined;
  /** Size of the Gaussian window. Default 11. */
  filterSize?: number | undefined;
  /** Its standard deviation. Default 1.5. */
  filterSigma?: number | undefined;
  /** Default 0.01. */
  k1?: number | undefined;
  /** Default 0.03. */
  k2?: number | undefined;
}

/**
 * Structural similarity of images (Wang et al., 2004): 1 for equal ones. A number for each pair of a batch.
 *
 * (2 m1 m2 + c1)(2 s12 + c2) / ((m1^2 + m2^2 + c1)(s1^2 + s2^2 + c2)) in Gaussian windows, averaged, with c1 = (k1 maxVal)^2 and
 * c2 = (k2 maxVal)^2.
 */
export function ssim(image1: AnyTensorLike, image2: AnyTensorLike, options: SsimOptions = {}): Tensor {
  const op = 'image.ssim';
  checkOptions(op, options, ['maxVal', 'filterSize', 'filterSigma', 'k1', 'k2', 'dataFormat']);
  const {maxVal = 1, filterSize = 11, filterSigma = 1.5, k1 = 0.01, k2 = 0.03} = options;
  if (!Number.isInteger(filterSize) || filterSize < 1) {
    throw new ValueError(`${op}: filterSize must be a positive integer, got ${describe(filterSize)}`);
  }
  const {dtype, ndim} = toTensor(image1, op);
  const [first, second] = toFloatPair(image1, image2, op);
  if (!sameShape(first.shape, second.shape)) {
    throw new ShapeError(`${op}: images must have one shape, got ${show(first.shape)} and ${show(second.shape)}`);
  }
  const {images: x} = batchOf(op, first, options.dataFormat);
  const {images: y} = batchOf(op, second, options.dataFormat);
  const [n, h, w, c] = [x.dim(0), x.dim(1), x.dim(2), x.dim(3)];
  if (h < filterSize || w < filterSize) {
    throw new ShapeError(
      `${op}: images of shape ${show(first.shape)} are smaller than filterSize ${String(filterSize)}`,
    );
  }
  const row = gaussian(filterSize, filterSigma);
  const window = numbers(
    row.flatMap((a) => row.map((b) => a * b)),
    x.dtype,
    op,
  );
  const kernel = window.reshape([filterSize, filterSize, 1, 1]);
  const smooth = (z: Tensor): Tensor => conv(z, kernel);
  const planes = (z: Tensor): Tensor => z.transpose([0, 3, 1, 2]).reshape([n * c, h, w, 1]);
  const [p, q] = [planes(x), planes(y)];
  const [m1, m2] = [smooth(p), smooth(q)];
  const [m11, m22, m12] = [m1.square(), m2.square(), m1.mul(m2)];
  const [c1, c2] = [(k1 * maxVal) ** 2, (k2 * maxVal) ** 2];
  const s11 = smooth(p.square()).sub(m11);
  const s22 = smooth(q.square()).sub(m22);
  const s12 = smooth(p.mul(q)).sub(m12);
  const above = m12.mul(2).add(c1).mul(s12.mul(2).add(c2));
  const below = m11.add(m22).add(c1).mul(s11.add(s22).add(c2));
  const each = above.div(below).mean([1, 2, 3]).reshape([n, c]).mean(-1);
  return castTo(ndim === 3 ? each.squeeze(0) : each, dtype, op);
}
