/** Random tensors. With an integer `seed` a function gives the same values at every call; without one it follows `setSeed`. */
import {checkDType, type DType, type FloatDType, isFloating} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {gather} from '../primitives/indexing.js';
import * as primitives from '../primitives/random.js';
import {checkShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {toFloat, toTensor} from '../ops/convert.js';
import {choleskySmall} from './cholesky.js';
import {resolveSeed, type SeedGenerator} from './seed.js';

export {SeedGenerator} from './seed.js';

export interface RandomOptions {
  /** Default: float32 (see `config.floatx`), int32 for integers. */
  dtype?: DType | undefined;
  /** An integer for the same values at every call, or a SeedGenerator. Default: the global state, see `setSeed`. */
  seed?: number | SeedGenerator | null | undefined;
}

function floatDType(op: string, dtype: DType | undefined): FloatDType {
  const target = checkDType(op, dtype ?? floatx());
  if (!isFloating(target)) throw new DtypeError(`${op}: dtype must be floating, got ${target}`);
  return target;
}

function checkNumber(op: string, name: string, value: number): number {
  if (!Number.isFinite(value)) throw new ValueError(`${op}: ${name} must be a finite number, got ${describe(value)}`);
  return value;
}

/** Equally likely values in [minval, maxval): floats, or integers for an integer dtype. Defaults 0 and 1. */
export function uniform(
  shape: readonly number[],
  options: RandomOptions & {minval?: number | undefined; maxval?: number | undefined} = {},
): Tensor {
  checkOptions('random.uniform', options, ['minval', 'maxval', 'dtype', 'seed'], {low: 'minval', high: 'maxval'});
  const low = checkNumber('random.uniform', 'minval', options.minval ?? 0);
  const high = checkNumber('random.uniform', 'maxval', options.maxval ?? 1);
  const dtype = checkDType('random.uniform', options.dtype ?? floatx());
  const attributes = {
    shape: checkShape('random.uniform', shape),
    dtype,
    low,
    high,
    state: resolveSeed('random.uniform', options.seed),
  };
  return apply(primitives.randomUniform, [], attributes);
}

export type NormalOptions = RandomOptions & {mean?: number | undefined; stddev?: number | undefined};

function drawNormal(
  op: string,
  primitive: typeof primitives.randomNormal,
  shape: readonly number[],
  options: NormalOptions,
): Tensor {
  checkOptions(op, options, ['mean', 'stddev', 'dtype', 'seed'], {std: 'stddev', scale: 'stddev', loc: 'mean'});
  const stddev = checkNumber(op, 'stddev', options.stddev ?? 1);
  if (stddev < 0) throw new ValueError(`${op}: stddev must not be negative, got ${String(stddev)}`);
  return apply(primitive, [], {
    shape: checkShape(op, shape),
    dtype: floatDType(op, options.dtype),
    mean: checkNumber(op, 'mean', options.mean ?? 0),
    stddev,
    state: resolveSeed(op, options.seed),
  });
}

/** Normally distributed values. Defaults: mean 0, stddev 1. */
export function normal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  return drawNormal('random.normal', primitives.randomNormal, shape, options);
}

/** Normally distributed values, drawn again beyond two standard deviations. Defaults: mean 0, stddev 1. */
export function truncatedNormal(shape: readonly number[], options: NormalOptions = {}): Tensor {
  return drawNormal('random.truncatedNormal', primitives.randomTruncatedNormal, shape, options);
}

/** Integers in [minval, maxval), int32 by default. */
export function randint(shape: readonly number[], minval: number, maxval: number, options: RandomOptions = {}): Tensor {
  const op = 'random.randint';
  checkOptions(op, options, ['dtype', 'seed']);
  if (!Number.isSafeInteger(minval) || !Number.isSafeInteger(maxval) || minval >= maxval) {
    throw new ValueError(`${op}: integers minval < maxval are needed, got ${describe(minval)} and ${describe(maxval)}`);
  }
  const dtype = checkDType(op, options.dtype ?? 'int32');
  if (isFloating(dtype)) throw new DtypeError(`${op}: dtype must be an integer one, got ${dtype}`);
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
  const factor = choleskySmall(covariance.cast('float64').array(2), op);
  const noise = normal([size, d], {dtype: 'float64', seed: options.seed});
  return noise
    .matmul(factor.map((_, i) => factor.map((row) => row[i] ?? 0)))
    .cast(dtype)
    .add(center);
}
