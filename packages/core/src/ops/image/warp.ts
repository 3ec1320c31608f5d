import {type Element, isInteger} from '../../dtype.js';
import {ShapeError, ValueError} from '../../errors.js';
import {show} from '../../shape.js';
import {checkChoice, checkOptions, describe} from '../../suggest.js';
import {normal} from '../../random/index.js';
import {type SeedGenerator} from '../../random/seed.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from '../convert.js';
import {arange} from '../create.js';
import {clip, floor, isnan, where} from '../elementwise.js';
import {cross, trunc} from '../math.js';
import {concatenate, stack, unstack} from '../shape.js';
import {batchOf, type ImageOptions} from './batch.js';
import {blurred, gaussian} from './filters.js';
import {atNodes, type CoordinateMode, nodesAt} from './sampling.js';

// Images seen from elsewhere: each pixel of the result is looked up at a position in the image.

export type WarpInterpolation = 'nearest' | 'bilinear';
export type WarpMode = 'constant' | 'nearest' | 'wrap' | 'reflect';

export interface WarpOptions extends ImageOptions {
  /** Default `'bilinear'`. */
  interpolation?: WarpInterpolation | undefined;
  /** What is beyond the borders. Default `'constant'`: `fillValue`. */
  fillMode?: WarpMode | undefined;
  /** Default 0. */
  fillValue?: number | undefined;
}

const INTERPOLATIONS = ['nearest', 'bilinear'] as const;
const MODES = ['constant', 'nearest', 'wrap', 'reflect'] as const;

/** Positions (floating) brought into an axis, as TensorFlow's ImageProjectiveTransform does. */
function brought(position: Tensor, size: number, mode: WarpMode): Tensor {
  const last = size - 1;
  if (mode === 'constant') return clip(position, -2, size + 1);
  if (mode === 'nearest' || size < 2) return clip(position, 0, last);
  const [low, high] = [position.less(0), position.greater(last)];
  if (mode === 'reflect') {
    const turn = 2 * size;
    const before = position.add(trunc(position.neg().div(turn)).mul(turn));
    const mirrored = where(before.less(-size), before.add(turn), before.neg().sub(1));
    const behind = position.sub(trunc(position.div(turn)).mul(turn));
    const turned = where(behind.greaterEqual(size), behind.neg().add(turn - 1), behind);
    return clip(where(low, mirrored, where(high, turned, position)), 0, last);
  }
  const before = position.add(trunc(position.neg().div(last)).add(1).mul(size));
  const behind = position.sub(trunc(position.div(last)).mul(size));
  return clip(where(low, before, where(high, behind, position)), 0, last);
}

/** Half away from zero, as C rounds. */
const nearest = (x: Tensor): Tensor => x.sign().mul(floor(x.abs().add(0.5)));

/** The pixel of each image at whole positions (n, height, width); `fill` beyond the borders. */
function pixels(images: Tensor, y: Tensor, x: Tensor, fill: Tensor): Tensor {
  const [n, h, w, c] = [images.dim(0), images.dim(1), images.dim(2), images.dim(3)];
  const [row, column]: [Tensor, Tensor] = [castTo(y, 'int32'), castTo(x, 'int32')];
  const inside = row
    .greaterEqual(0)
    .logicalAnd(row.less(h))
    .logicalAnd(column.greaterEqual(0))
    .logicalAnd(column.less(w));
  const start = arange(n).reshape([-1, 1, 1]).mul(h);
  const place = start
    .add(clip(row, 0, h - 1))
    .mul(w)
    .add(clip(column, 0, w - 1));
  const found = images.reshape([n * h * w, c]).take(place, 0);
  return where(inside.expandDims(-1), found, fill);
}

/**
 * Output pixel (x, y) shows input pixel ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1.
 * @param transforms (1 or n, 8): a0, a1, a2, b0, b1, b2, c0, c1
 */
function projected(images: Tensor, transforms: Tensor, options: Required<Omit<WarpOptions, 'dataFormat'>>): Tensor {
  const {interpolation = 'bilinear', fillMode = 'constant', fillValue = 0} = options;
  const [h, w] = [images.dim(1), images.dim(2)];
  const single: Tensor = castTo(transforms, 'float32');
  const [a0, a1, a2, b0, b1, b2, c0, c1] = unstack(single, 1).map((each) => each.reshape([-1, 1, 1]));
  if (a0 === undefined || a1 === undefined || a2 === undefined || b0 === undefined) return images;
  if (b1 === undefined || b2 === undefined || c0 === undefined || c1 === undefined) return images;
  const across: Tensor = castTo(arange(w), 'float32').reshape([1, 1, w]);
  const down: Tensor = castTo(arange(h), 'float32').reshape([1, h, 1]);
  const depth = c0.mul(across).add(c1.mul(down)).add(1);
  const behind = depth.equal(0);
  const safe = where(behind, 1, depth);
  const seen = (p: Tensor, q: Tensor, r: Tensor, size: number): Tensor => {
    const position = p.mul(across).add(q.mul(down)).add(r).div(safe);
    const moved = brought(position, size, fillMode);
    // Far outside: what is not seen gets the fill value.
    return where(behind.logicalOr(isnan(position)), -2, moved).broadcastTo([images.dim(0), h, w]);
  };
  const x = seen(a0, a1, a2, w);
  const y = seen(b0, b1, b2, h);
  const exact = images.dtype === 'float32' || images.dtype === 'float64';
  if (interpolation === 'nearest') {
    const fill: Tensor = castTo(toTensor<Element>(fillValue, 'image.affineTransform'), images.dtype);
    return pixels(images, nearest(y), nearest(x), fill);
  }
  const value: Tensor = exact ? images : castTo(images, 'float32');
  const fill: Tensor = castTo(toTensor<Element>(fillValue, 'image.affineTransform'), value.dtype);
  const [y0, x0] = [floor(y), floor(x)];
  const [dy, dx] = [y.sub(y0), x.sub(x0)].map((share): Tensor => castTo(share, value.dtype).expandDims(-1));
  if (dy === undefined || dx === undefined) return images;
  const row = (at: Tensor): Tensor =>
    pixels(value, at, x0, fill)
      .mul(dx.neg().add(1))
      .add(pixels(value, at, x0.add(1), fill).mul(dx));
  const seenPixels = row(y0)
    .mul(dy.neg().add(1))
    .add(row(y0.add(1)).mul(dy));
  return castTo(seenPixels, images.dtype);
}

/**
 * Images under projective transforms: output pixel (x, y) shows input pixel ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
 * k = c0 x + c1 y + 1. Positions are computed in float32, as in TensorFlow; the gradient is that of the interpolation.
 * @param transform [a0, a1, a2, b0, b1, b2, c0, c1], or one for each image of a batch
 */
export function affineTransform(images: AnyTensorLike, transform: AnyTensorLike, options: WarpOptions = {}): Tensor {
  const op = 'image.affineTransform';
  checkOptions(op, options, ['interpolation', 'fillMode', 'fillValue', 'dataFormat']);
  const {interpolation = 'bilinear', fillMode = 'constant', fillValue = 0} = options;
  checkChoice(op, 'interpolation', interpolation, INTERPOLATIONS);
  checkChoice(op, 'fillMode', fillMode, MODES);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const given = toFloat(transform, op);
  const transforms = given.ndim === 1 ? given.expandDims(0) : given;
  if (transforms.ndim !== 2 || transforms.shape[1] !== 8 || !fits(transforms, value)) {
    throw new ShapeError(
      `${op}: transform must be 8 numbers, or (${String(value.shape[0])},8) for the batch, got shape ${show(given.shape)}`,
    );
  }
  return back(projected(value, transforms, {interpolation, fillMode, fillValue}));
}

const fits = (transforms: Tensor, images: Tensor): boolean =>
  transforms.shape[0] === 1 || transforms.shape[0] === images.shape[0];

/** What maps the first three unit vectors and their sum to four points of the plane: columns of (n, 3, 3) matrices. */
function frame(points: Tensor): readonly [Tensor, Tensor, Tensor] {
  const [p0, p1, p2, p3] = unstack(concatenate([points, points.at('...', ':1').onesLike()], -1), 1);
  if (p0 === undefined || p1 === undefined || p2 === undefined || p3 === undefined) {
    throw new ShapeError(`image.perspectiveTransform: four points are needed, got shape ${show(points.shape)}`);
  }
  const share = (a: Tensor, b: Tensor): Tensor => cross(a, b).mul(p3).sum({axis: -1, keepdims: true});
  return [p0.mul(share(p1, p2)), p1.mul(share(p2, p0)), p2.mul(share(p0, p1))];
}

/** The 8 numbers of the projection that takes the four end points to the start points. */
function homography(start: Tensor, end: Tensor): Tensor {
  const columns = stack(frame(start), -1);
  const [e0, e1, e2] = frame(end);
  // The inverse up to a factor, which is divided out.
  const rows = stack([cross(e1, e2), cross(e2, e0), cross(e0, e1)], -2);
  const matrix = columns.matmul(rows).reshape([-1, 9]);
  return matrix.at(':', ':8').div(matrix.at(':', '8:'));
}

/**
 * Images in perspective: what is at the start points is moved to the end points.
 * @param startPoints four corners [x, y] in the images, shape (4,2), or (n,4,2) for a batch
 * @param endPoints where they are in the result
 */
export function perspectiveTransform(
  images: AnyTensorLike,
  startPoints: AnyTensorLike,
  endPoints: AnyTensorLike,
  options: Omit<WarpOptions, 'fillMode'> = {},
): Tensor {
  const op = 'image.perspectiveTransform';
  checkOptions(op, options, ['interpolation', 'fillValue', 'dataFormat']);
  const {interpolation = 'bilinear', fillValue = 0} = options;
  checkChoice(op, 'interpolation', interpolation, INTERPOLATIONS);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const [start, end] = [startPoints, endPoints].map((points): Tensor =>
    castTo(toTensor<Element>(points, op), 'float64'),
  );
  if (start === undefined || end === undefined) return value;
  for (const [name, points] of [
    ['startPoints', start],
    ['endPoints', end],
  ] as const) {
    if ((points.ndim !== 2 && points.ndim !== 3) || points.shape.at(-2) !== 4 || points.shape.at(-1) !== 2) {
      throw new ShapeError(`${op}: ${name} must have shape (4,2), or (n,4,2) for a batch, got ${show(points.shape)}`);
    }
  }
  if (show(start.shape) !== show(end.shape)) {
    throw new ShapeError(
      `${op}: startPoints and endPoints must have one shape, got ${show(start.shape)} and ${show(end.shape)}`,
    );
  }
  const transforms = homography(start.reshape([-1, 4, 2]), end.reshape([-1, 4, 2]));
  if (!fits(transforms, value)) {
    throw new ShapeError(
      `${op}: points for 1 or ${String(value.shape[0])} images are needed, got shape ${show(start.shape)}`,
    );
  }
  return back(projected(value, transforms, {interpolation, fillMode: 'constant', fillValue}));
}

export interface MapCoordinatesOptions {
  /** What is beyond the borders. Default `'constant'`: `fillValue`. */
  fillMode?: CoordinateMode | undefined;
  /** Default 0. */
  fillValue?: number | undefined;
}

/**
 * Elements of a tensor of any rank at positions between them.
 * @param coordinates positions in elements: one list for each axis of inputs, shape (rank, ...); the result has the shape of a list
 * @param order 0 for the nearest element, 1 for linear interpolation
 */
export function mapCoordinates(
  inputs: AnyTensorLike,
  coordinates: AnyTensorLike,
  order: number,
  options: MapCoordinatesOptions = {},
): Tensor {
  const op = 'image.mapCoordinates';
  checkOptions(op, options, ['fillMode', 'fillValue']);
  const {fillMode = 'constant', fillValue = 0} = options;
  checkChoice(op, 'fillMode', fillMode, ['constant', 'nearest', 'wrap', 'mirror', 'reflect']);
  if (order !== 0 && order !== 1) throw new ValueError(`${op}: order must be 0 or 1, got ${describe(order)}`);
  const value: Tensor = toTensor(inputs, op);
  const positions = toFloat(coordinates, op);
  if (positions.ndim < 2 || positions.shape[0] !== value.ndim) {
    throw new ShapeError(
      `${op}: coordinates must be (${String(value.ndim)},...), a list for each axis of inputs ${show(value.shape)}, got shape ${show(positions.shape)}`,
    );
  }
  if (value.shape.includes(0)) throw new ShapeError(`${op}: inputs must have elements, got shape ${show(value.shape)}`);
  const axes = unstack(positions, 0).map((list, axis) => nodesAt(list, value.dim(axis), order, fillMode));
  const found = atNodes(value, axes, fillValue, positions.dtype);
  return castTo(isInteger(value.dtype) ? found.round() : found, value.dtype, op);
}

export interface ElasticTransformOptions extends WarpOptions {
  /** How far pixels move, in pixels times the noise. Default 20. */
  alpha?: number | undefined;
  /** How smooth the movement is, in pixels. Default 5. */
  sigma?: number | undefined;
  /** Default: the seed that follows from `setSeed`. */
  seed?: number | SeedGenerator | undefined;
}

/**
 * Images deformed by a smooth random field (Simard et al., 2003): normal noise of deviation sigma, blurred with sigma, times alpha, is
 * added to the positions. Keras moves both axes by one field on TensorFlow; here each has its own.
 */
export function elasticTransform(images: AnyTensorLike, options: ElasticTransformOptions = {}): Tensor {
  const op = 'image.elasticTransform';
  checkOptions(op, options, ['alpha', 'sigma', 'interpolation', 'fillMode', 'fillValue', 'seed', 'dataFormat']);
  const {alpha = 20, sigma = 5, interpolation = 'bilinear', fillMode = 'reflect', fillValue = 0} = options;
  checkChoice(op, 'interpolation', interpolation, INTERPOLATIONS);
  checkChoice(op, 'fillMode', fillMode, MODES);
  if (!Number.isFinite(alpha)) throw new ValueError(`${op}: alpha must be a number, got ${describe(alpha)}`);
  if (!(sigma > 0)) throw new ValueError(`${op}: sigma must be a positive number, got ${describe(sigma)}`);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const [n, h, w] = [value.dim(0), value.dim(1), value.dim(2)];
  if (h === 0 || w === 0) throw new ShapeError(`${op}: images must have pixels, got shape ${show(value.shape)}`);
  const window = gaussian((6 * Math.trunc(sigma)) | 1, sigma);
  const noise = normal([2 * n, h, w, 1], {stddev: sigma, seed: options.seed});
  const field = blurred(noise, window, window).mul(alpha);
  return back(displaced(value, field, {interpolation, fillMode, fillValue}));
}

/**
 * @internal Images (n, height, width, channels) whose pixel (y, x) shows what is `field` away.
 * @param field in pixels (2 n, height, width, 1): downwards for each image, then to the right for each
 */
export function displaced(
  value: Tensor,
  field: Tensor,
  {interpolation, fillMode, fillValue}: {interpolation: WarpInterpolation; fillMode: WarpMode; fillValue: number},
): Tensor {
  const [n, h, w, c] = [value.dim(0), value.dim(1), value.dim(2), value.dim(3)];
  const down = castTo(arange(h), field.dtype)
    .reshape([1, h, 1, 1])
    .add(field.at(`:${n}`));
  const across = castTo(arange(w), field.dtype)
    .reshape([1, 1, w, 1])
    .add(field.at(`${n}:`));
  const order = interpolation === 'nearest' ? 0 : 1;
  const whole = (size: number, shape: readonly number[]) => [
    {index: arange(size).reshape(shape), valid: null, weight: null},
  ];
  const dtype = value.dtype === 'float64' ? 'float64' : 'float32';
  const nodes = [
    whole(n, [n, 1, 1, 1]),
    nodesAt(castTo(down, dtype), h, order, fillMode),
    nodesAt(castTo(across, dtype), w, order, fillMode),
    whole(c, [1, 1, 1, c]),
  ];
  const found = atNodes(value, nodes, fillValue, dtype);
  return castTo(isInteger(value.dtype) ? found.round() : found, value.dtype, 'image.elasticTransform');
}
