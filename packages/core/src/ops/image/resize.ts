import {type Element, isFloating, isInteger} from '../../dtype.js';
import {floatx} from '../../config.js';
import {ShapeError, ValueError} from '../../errors.js';
import {isSymbolic, symbolicTensor} from '../../engine/hidden.js';
import {checkAxis, show} from '../../shape.js';
import {checkChoice, checkOptions, describe} from '../../suggest.js';
import {type Tensor} from '../../tensor/tensor.js';
import {saturateCast} from '../basics.js';
import {type AnyTensorLike, castTo, toTensor} from '../convert.js';
import {arange} from '../create.js';
import {maximum, round, where} from '../elementwise.js';
import {tensordot} from '../products.js';
import {moveaxis, pad, slice} from '../shape.js';
import {batchOf, checkSize, type ImageOptions, numbers} from './batch.js';
import {areaTaps, bicubicTaps, bilinearTaps, kernelTaps, KERNELS, nearestTaps, type Tap} from './resampling.js';

const INTERPOLATIONS = ['bilinear', 'nearest', 'lanczos3', 'lanczos5', 'bicubic', 'area'] as const;

/** How an image's new pixels are made of the old ones. */
export type ResizeInterpolation = (typeof INTERPOLATIONS)[number];

export interface ResizeOptions extends ImageOptions {
  /** Default `'bilinear'`. */
  interpolation?: ResizeInterpolation | undefined;
  /** Whether the kernel widens where the image shrinks, so that no pixel is left out. Default false. */
  antialias?: boolean | undefined;
  /** Cut from the middle what has the aspect ratio of `size`. Default false. */
  cropToAspectRatio?: boolean | undefined;
  /** Add a border so that the image has the aspect ratio of `size`. Default false. */
  padToAspectRatio?: boolean | undefined;
  /** What the border is: only `'constant'`. */
  fillMode?: 'constant' | undefined;
  /** The border's value. Default 0. */
  fillValue?: number | undefined;
}

/**
 * Images in another size, as Keras's `ops.image.resize` on TensorFlow.
 * @param images (height, width, channels) or a batch of them; the result keeps the dtype: integers are rounded
 * @param size [height, width]
 *
 * @example
 * ops.image.resize(ops.ones([2, 28, 28, 1]), [14, 14], {interpolation: 'bilinear', antialias: true}).shape; // [2, 14, 14, 1]
 */
export function resize(
  images: AnyTensorLike,
  size: readonly [height: number, width: number],
  options: ResizeOptions = {},
): Tensor {
  const op = 'image.resize';
  checkOptions(op, options, [
    'interpolation',
    'antialias',
    'cropToAspectRatio',
    'padToAspectRatio',
    'fillMode',
    'fillValue',
    'dataFormat',
  ]);
  const {interpolation = 'bilinear', antialias = false, cropToAspectRatio = false, padToAspectRatio = false} = options;
  checkChoice(op, 'interpolation', interpolation, INTERPOLATIONS);
  checkChoice(op, 'fillMode', options.fillMode ?? 'constant', ['constant']);
  const [height, width] = checkSize(op, 'size', size);
  if (cropToAspectRatio && padToAspectRatio) {
    throw new ValueError(`${op}: one of cropToAspectRatio and padToAspectRatio can be true, got both`);
  }
  const {images: given, back} = batchOf(op, images, options.dataFormat);
  if (isSymbolic(given)) {
    return back(
      symbolicTensor({shape: [given.shape[0] ?? null, height, width, given.shape[3] ?? null], dtype: given.dtype}),
    );
  }
  const framed = cropToAspectRatio
    ? cropped(given, height, width)
    : padToAspectRatio
      ? padded(given, height, width, options.fillValue ?? 0)
      : given;
  const [h, w] = [framed.dim(1), framed.dim(2)];
  if (h === height && w === width) return back(framed);
  if (h === 0 || w === 0) throw new ShapeError(`${op}: images must have pixels, got shape ${show(given.shape)}`);
  if (interpolation === 'nearest') {
    return back(along(along(framed, 1, nearestTaps(h, height)), 2, nearestTaps(w, width)));
  }
  const exact = framed.dtype === 'float32' || framed.dtype === 'float64';
  const value: Tensor = exact ? framed : castTo(framed, 'float32', op);
  const tapsOf = (from: number, to: number) => tapsFor(interpolation, antialias, from, to);
  const resized = along(along(value, 1, tapsOf(h, height)), 2, tapsOf(w, width));
  return back(exact ? resized : saturateCast(isInteger(framed.dtype) ? round(resized) : resized, framed.dtype));
}

function tapsFor(
  interpolation: Exclude<ResizeInterpolation, 'nearest'>,
  antialias: boolean,
  from: number,
  to: number,
): Tap[] {
  switch (interpolation) {
    case 'bilinear':
      return antialias ? kernelTaps(KERNELS.linear, from, to, true) : bilinearTaps(from, to);
    case 'bicubic':
      return antialias ? kernelTaps(KERNELS.cubic, from, to, true) : bicubicTaps(from, to);
    case 'area':
      return areaTaps(from, to);
    case 'lanczos3':
    case 'lanczos5':
      return kernelTaps(KERNELS[interpolation], from, to, antialias);
    default:
      return interpolation satisfies never;
  }
}

/** An axis made of weighted elements of itself. Only elements that have a weight are read: a NaN stays where it is. */
function along(x: Tensor, axis: number, taps: readonly Tap[]): Tensor {
  const rest = x.shape.slice(axis + 1).map(Number);
  // Few channels: the weight of each of their elements is written out, so that rows are multiplied in one go.
  const inner = rest.length === 1 ? (rest[0] ?? 1) : 1;
  const shape = [-1, ...rest.map((n) => (rest.length === 1 ? n : 1))];
  const parts = taps.map(({index, weight}) => {
    const chosen = x.take(index, axis);
    if (weight.every((each) => each === 1)) return chosen;
    const written = new Float64Array(weight.length * inner).map((_, i) => weight[Math.floor(i / inner)] ?? 0);
    return chosen.mul(numbers(written, x.dtype, 'resize').reshape(shape));
  });
  return parts.reduce((sum, part) => sum.add(part));
}

// Sizes as TensorFlow computes them, in single precision, cut to whole numbers.
const scaled = (n: number, target: number, other: number): number =>
  Math.trunc(Math.fround(Math.fround(n * target) / other));

function cropped(images: Tensor, height: number, width: number): Tensor {
  const [n, h, w, c] = [images.dim(0), images.dim(1), images.dim(2), images.dim(3)];
  const rows = Math.max(Math.min(h, scaled(w, height, width)), 1);
  const columns = Math.max(Math.min(w, scaled(h, width, height)), 1);
  return slice(images, [0, Math.floor((h - rows) / 2), Math.floor((w - columns) / 2), 0], [n, rows, columns, c]);
}

function padded(images: Tensor, height: number, width: number, fillValue: number): Tensor {
  const [h, w] = [images.dim(1), images.dim(2)];
  const rows = Math.floor((Math.max(h, scaled(w, height, width)) - h) / 2);
  const columns = Math.floor((Math.max(w, scaled(h, width, height)) - w) / 2);
  const border = [
    [0, 0],
    [rows, rows],
    [columns, columns],
    [0, 0],
  ] as const;
  return pad(images, border, {constantValues: fillValue});
}

const METHODS = ['linear', 'bilinear', 'trilinear', 'cubic', 'bicubic', 'tricubic', 'lanczos3', 'lanczos5'] as const;

/** The kernels of {@link scaleAndTranslate}; linear and cubic have several names. */
export type ScaleMethod = (typeof METHODS)[number];

/**
 * Scales and then moves axes of an image, with resampling: output position i shows input position
 * (i + 0.5 - translation) / scale - 0.5. What lies outside is 0.
 * @param outputShape the whole shape of the result
 * @param scale one number for each of `spatialDims`
 * @param translation one number for each of `spatialDims`
 * @param spatialDims the axes
 */
export function scaleAndTranslate(
  images: AnyTensorLike,
  outputShape: readonly number[],
  scale: AnyTensorLike,
  translation: AnyTensorLike,
  spatialDims: readonly number[],
  method: ScaleMethod,
  options: {antialias?: boolean | undefined} = {},
): Tensor {
  const op = 'image.scaleAndTranslate';
  checkOptions(op, options, ['antialias']);
  checkChoice(op, 'method', method, METHODS);
  const value: Tensor = toTensor(images, op);
  const axes = spatialDims.map((axis) => checkAxis(op, axis, value.ndim));
  const [scales, moves] = [toTensor(scale, op), toTensor(translation, op)];
  if (outputShape.length !== value.ndim) {
    throw new ShapeError(
      `${op}: outputShape must have a size for each axis of images ${show(value.shape)}, got ${describe(outputShape)}`,
    );
  }
  const count = [axes.length];
  if (show(scales.shape) !== show(count) || show(moves.shape) !== show(count)) {
    throw new ShapeError(
      `${op}: scale and translation must have a number for each of spatialDims ${describe(spatialDims)}, got shapes ${show(scales.shape)} and ${show(moves.shape)}`,
    );
  }
  const whole = !isFloating(value.dtype);
  let result: Tensor = whole ? castTo(value, floatx(), op) : value;
  axes.forEach((axis, i) => {
    const weights = weightsOf(
      value.dim(axis),
      outputShape[axis] ?? 0,
      scales.at(i),
      moves.at(i),
      method,
      options.antialias ?? true,
    );
    result = moveaxis(tensordot(result, castTo(weights, result.dtype, op), [axis, 0]), -1, axis);
  });
  if (!whole || axes.length === 0) return axes.length === 0 ? value : result;
  // Kernels with negative weights overshoot.
  return castTo(
    round(result).clip(castTo(value.min(), result.dtype), castTo(value.max(), result.dtype)),
    value.dtype,
    op,
  );
}

/** Which part of each input element (rows) is in each output element (columns), in ops, so that scale and translation have gradients. */
function weightsOf(
  inputSize: number,
  outputSize: number,
  scale: Tensor,
  translation: Tensor,
  method: ScaleMethod,
  antialias: boolean,
): Tensor {
  const unit: Tensor = castTo(toTensor<Element>(1, 'scaleAndTranslate'), scale.dtype);
  const inverse = unit.div(scale);
  const width = antialias ? maximum(inverse, 1) : unit;
  const position = castTo(arange(outputSize), scale.dtype).add(0.5).mul(inverse).sub(translation.mul(inverse)).sub(0.5);
  const rows: Tensor = castTo(arange(inputSize), scale.dtype).reshape([-1, 1]);
  const weights = kernelOf(method, position.sub(rows).abs().div(width));
  const sum = weights.sum({axis: 0, keepdims: true});
  const small = sum.abs().lessEqual(1000 * 1.1920928955078125e-7);
  const shares = where(small, 0, weights.div(where(small, 1, sum)));
  const inside = position.greaterEqual(-0.5).logicalAnd(position.lessEqual(inputSize - 0.5));
  return where(inside.reshape([1, -1]), shares, 0);
}

function kernelOf(method: ScaleMethod, x: Tensor): Tensor {
  switch (method) {
    case 'linear':
    case 'bilinear':
    case 'trilinear':
      return maximum(x.neg().add(1), 0);
    case 'cubic':
    case 'bicubic':
    case 'tricubic': {
      const near = x.mul(1.5).sub(2.5).mul(x).mul(x).add(1);
      const far = x.mul(-0.5).add(2.5).mul(x).sub(4).mul(x).add(2);
      return where(x.greaterEqual(2), 0, where(x.greaterEqual(1), far, near));
    }
    case 'lanczos3':
    case 'lanczos5': {
      const radius = method === 'lanczos3' ? 3 : 5;
      const central = x.lessEqual(1e-3);
      const safe = where(central, 1, x).mul(Math.PI);
      const curve = safe.sin().mul(safe.div(radius).sin()).mul(radius).div(safe.square());
      return where(x.greater(radius), 0, where(central, 1, curve));
    }
    default:
      return method satisfies never;
  }
}
