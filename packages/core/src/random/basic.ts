import {checkDType, isInteger, misfit} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {gather} from '../primitives/indexing.js';
import * as primitives from '../primitives/random.js';
import {broadcastShapes, checkShape, sameShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {castTo, toFloat, toTensor} from '../ops/convert.js';
import {abs, maximum, subtract} from '../ops/elementwise.js';
import {eigh} from '../ops/factorization.js';
import {checkNumber, floatDType, type RandomOptions} from './arguments.js';
import {resolveSeed} from './seed.js';

/** Options of {@link uniform}. */
export type UniformOptions = RandomOptions & {
  /** Default 0. A tensor of the result's dtype broadcasts to the shape. */
  minval?: number | Tensor | undefined;
  /** Default 1. A tensor of the result's dtype broadcasts to the shape. */
  maxval?: number | Tensor | undefined;
};

/** Refuses a parameter that does not broadcast to the shape. */
function requireFits(op: string, name: string, parameter: Tensor, shape: readonly number[]): void {
  const joined = broadcastShapes(parameter.shape, shape);
  if (joined !== null && sameShape(joined, shape)) return;
  throw new ShapeError(
    `${op}: ${name} must broadcast to the shape ${show(shape)}, got one of shape ${show(parameter.shape)}`,
  );
}

/**
 * Equally likely values in [minval, maxval).
 *
 * @throws DtypeError for an integer dtype, as in Keras: `random.randint` draws integers
 * @throws ValueError where minval is larger than maxval, or either is not finite
 */
export function uniform(shape: readonly number[], options: UniformOptions = {}): Tensor {
  const op = 'random.uniform';
  checkOptions(op, options, ['minval', 'maxval', 'dtype', 'seed'], {low: 'minval', high: 'maxval'});
  const dtype = floatDType(op, options.dtype, '; random.randint draws integers');
  const {minval = 0, maxval = 1} = options;
  const whole = checkShape(op, shape);
  const drawn = {shape: whole, dtype, state: resolveSeed(op, options.seed)};
  if (!isTensor(minval) && !isTensor(maxval)) {
    const low = checkNumber(op, 'minval', minval);
    const high = checkNumber(op, 'maxval', maxval);
    if (low > high) {
      throw new ValueError(`${op}: minval must not be above maxval, got ${String(low)} and ${String(high)}`);
    }
    return apply(primitives.randomUniform, [], {...drawn, low, high}, op);
  }
  const low = convertLike(minval, dtype, op) as Tensor;
  const high = convertLike(maxval, dtype, op) as Tensor;
  requireFits(op, 'minval', low, whole);
  requireFits(op, 'maxval', high, whole);
  return apply(primitives.randomUniform, [], {...drawn, low: 0, high: 1}, op)
    .mul(subtract(high, low))
    .add(low);
}

/** Options of {@link normal} and {@link truncatedNormal}. */
export type NormalOptions = RandomOptions & {
  /** Default 0. A tensor of the result's dtype broadcasts to the shape. */
  mean?: number | Tensor | undefined;
  /** Default 1. A tensor of the result's dtype broadcasts to the shape. */
  stddev?: number | Tensor | undefined;
};

function drawNormal(
  op: string,
  primitive: typeof primitives.randomNormal,
  shape: readonly number[],
  options: NormalOptions,
): Tensor {
  checkOptions(op, options, ['mean', 'stddev', 'dtype', 'seed'], {std: 'stddev', scale: 'stddev', loc: 'mean'});
  const {mean = 0, stddev = 1} = options;
  if (!isTensor(stddev) && checkNumber(op, 'stddev', stddev) < 0) {
    throw new ValueError(`${op}: stddev must not be negative, got ${String(stddev)}`);
  }
  if (!isTensor(mean)) checkNumber(op, 'mean', mean);
  const dtype = floatDType(op, options.dtype);
  const whole = checkShape(op, shape);
  const drawn = {shape: whole, dtype, state: resolveSeed(op, options.seed)};
  if (!isTensor(mean) && !isTensor(stddev)) return apply(primitive, [], {...drawn, mean, stddev}, op);
  const center = convertLike(mean, dtype, op) as Tensor;
  const width = convertLike(stddev, dtype, op) as Tensor;
  requireFits(op, 'mean', center, whole);
  requireFits(op, 'stddev', width, whole);
  return apply(primitive, [], {...drawn, mean: 0, stddev: 1}, op)
    .mul(width)
    .add(center);
}

/** Normally distributed values. */
export function normal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  return drawNormal('random.normal', primitives.randomNormal, shape, options);
}

/** Normally distributed values, drawn again beyond two standard deviations. */
export function truncatedNormal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  return drawNormal('random.truncatedNormal', primitives.randomTruncatedNormal, shape, options);
}

/**
 * Equally likely integers in [minval, maxval), int32 by default.
 *
 * @throws ValueError where minval is not below maxval
 * @throws DtypeError where the dtype is not an integer one, or does not hold the values
 */
export function randint(shape: readonly number[], minval: number, maxval: number, options: RandomOptions = {}): Tensor {
  const op = 'random.randint';
  checkOptions(op, options, ['dtype', 'seed']);
  if (!Number.isSafeInteger(minval) || !Number.isSafeInteger(maxval) || minval >= maxval) {
    throw new ValueError(`${op}: integers minval < maxval are needed, got ${describe(minval)} and ${describe(maxval)}`);
  }
  const dtype = checkDType(op, options.dtype ?? 'int32');
  if (!isInteger(dtype)) throw new DtypeError(`${op}: dtype must be an integer one, got ${dtype}`);
  for (const end of [minval, maxval - 1]) {
    const problem = misfit(end, dtype);
    if (problem !== undefined) throw new DtypeError(`${op}: ${String(end)} ${problem}, which ${dtype} holds`);
  }
  return apply(primitives.randomUniform, [], {
    shape: checkShape(op, shape),
    dtype,
    low: minval,
    high: maxval,
    state: resolveSeed(op, options.seed),
  });
}

/** The numbers 0 to n - 1 in random order (int32), or the rows of a tensor. */
export function permutation(x: number | Tensor, options: RandomOptions = {}): Tensor {
  checkOptions('random.permutation', options, ['dtype', 'seed']);
  if (isTensor(x)) return shuffle(x, {seed: options.seed});
  if (!Number.isSafeInteger(x) || x < 0) {
    throw new ValueError(`random.permutation: a non-negative integer or a tensor is needed, got ${describe(x)}`);
  }
  const dtype = checkDType('random.permutation', options.dtype ?? 'int32');
  if (dtype !== 'int32' && dtype !== 'int64') {
    throw new DtypeError(`random.permutation: dtype must be int32 or int64, got ${dtype}`);
  }
  return apply(primitives.randomPermutation, [], {
    shape: [x],
    dtype,
    state: resolveSeed('random.permutation', options.seed),
  });
}

/** The entries of an axis in random order. */
export function shuffle(
  x: TensorLike,
  options: {axis?: number | undefined; seed?: RandomOptions['seed']} = {},
): Tensor {
  checkOptions('random.shuffle', options, ['axis', 'seed']);
  const value: Tensor = toTensor(x, 'random.shuffle');
  const axis = options.axis ?? 0;
  return apply(gather, [value, permutation(value.dim(axis), {seed: options.seed})], {axis}, 'random.shuffle');
}

/**
 * `size` points of a multivariate normal distribution: shape (size, d) for a mean of d numbers and a covariance matrix
 * (d, d), which must be symmetric and positive semi-definite.
 */
export function multivariateNormal(
  mean: TensorLike,
  cov: TensorLike,
  size: number,
  options: RandomOptions = {},
): Tensor {
  const op = 'random.multivariateNormal';
  checkOptions(op, options, ['dtype', 'seed']);
  const dtype = floatDType(op, options.dtype);
  const center = toFloat(mean, op).cast(dtype);
  const covariance = toFloat(cov, op);
  const d = center.ndim === 1 ? center.length : -1;
  if (d < 1 || covariance.ndim !== 2 || covariance.dim(0) !== d || covariance.dim(1) !== d) {
    throw new ShapeError(
      `${op}: a mean of shape (d,) and a covariance of shape (d,d) are needed, got ${show(center.shape)} and ${show(covariance.shape)}`,
    );
  }
  const factor = squareRoot(castTo(covariance, 'float64'), op);
  const noise = normal([size, d], {dtype: 'float64', seed: options.seed});
  return castTo(noise.matmul(factor.transpose()), dtype).add(center);
}

/** F with F F^T = a, which must be symmetric and positive semi-definite: V sqrt(w) of its eigenvalues and eigenvectors. */
function squareRoot(a: Tensor, op: string): Tensor {
  const scale = abs(a).max().item();
  if (!Number.isFinite(scale)) throw new ValueError(`${op}: the covariance must be finite, got ${String(scale)} in it`);
  const skew = abs(a.sub(a.transpose())).max().item();
  if (skew > 1e-6 * scale) {
    throw new ValueError(`${op}: the covariance must be symmetric, got elements that differ by ${String(skew)}`);
  }
  const [values, vectors] = eigh(a);
  const least = values.at(0).item();
  if (least < -1e-6 * scale) {
    throw new ValueError(`${op}: the covariance must be positive semi-definite, got the eigenvalue ${String(least)}`);
  }
  return vectors.mul(maximum(values, 0).sqrt());
}
