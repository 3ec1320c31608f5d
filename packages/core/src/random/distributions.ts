import {checkDType, type DType, type FloatDType, isFloating, isInteger} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {isSymbolic} from '../engine/hidden.js';
import * as primitives from '../primitives/random.js';
import {broadcastShapes, checkShape, concrete, sameShape, type Shape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat} from '../ops/convert.js';
import {less, where} from '../ops/elementwise.js';
import {checkNumber, floatDType, type RandomOptions, SEED_KEYS} from './arguments.js';
import {uniform} from './basic.js';
import {resolveSeed} from './seed.js';

/** A parameter as the distribution's dtype has it. */
const parameter = (op: string, value: TensorLike, dtype: FloatDType): Tensor => convertLike(value, dtype, op) as Tensor;

const drawnWith = (op: string, shape: readonly number[], dtype: FloatDType, seed: RandomOptions['seed']) => ({
  shape: checkShape(op, shape),
  dtype,
  state: resolveSeed(op, seed),
});

/**
 * Gamma distributed values, of density `x^(alpha - 1) e^-x / Gamma(alpha)`: mean and variance `alpha`. By Marsaglia and Tsang's
 * method (2000).
 *
 * @param alpha positive; a number or a tensor of the result's dtype that broadcasts to `shape`
 * @example
 * random.gamma([2, 3], 0.5, {seed: 1});
 * random.gamma([2, 3], [1, 2, 3]); // one alpha for each column
 * @throws ValueError where an alpha is not positive and finite
 */
export function gamma(shape: readonly number[], alpha: TensorLike, options: RandomOptions = {}): Tensor {
  const op = 'random.gamma';
  checkOptions(op, options, SEED_KEYS);
  const dtype = floatDType(op, options.dtype);
  const shapes = parameter(op, alpha, dtype);
  return apply(primitives.randomGamma, [shapes], drawnWith(op, shape, dtype, options.seed), op);
}

/**
 * Beta distributed values in [0, 1], of density `x^(alpha - 1) (1 - x)^(beta - 1) / B(alpha, beta)`: mean
 * `alpha / (alpha + beta)`. As X / (X + Y) of two gamma values.
 *
 * @param alpha positive; a number or a tensor of the result's dtype that broadcasts to `shape`
 * @param beta likewise
 * @throws ValueError where an alpha or beta is not positive and finite
 */
export function beta(
  shape: readonly number[],
  alpha: TensorLike,
  beta: TensorLike,
  options: RandomOptions = {},
): Tensor {
  const op = 'random.beta';
  checkOptions(op, options, SEED_KEYS);
  const dtype = floatDType(op, options.dtype);
  const both = [parameter(op, alpha, dtype), parameter(op, beta, dtype)];
  return apply(primitives.randomBeta, both, drawnWith(op, shape, dtype, options.seed), op);
}

/**
 * Binomially distributed values: how many of `counts` trials succeed, each with a probability; mean `counts * probabilities`.
 * By inversion where that mean is below 10, else by Hoermann's BTRS (1993).
 *
 * @param counts whole numbers from 0 to 2^53: a number or a tensor, of the result's dtype or of integers, that broadcasts to `shape`
 * @param probabilities in [0, 1]: a number or a tensor of the result's dtype that broadcasts to `shape`
 * @returns whole numbers in a floating dtype, float32 by default, as in Keras
 * @throws ValueError where a count or a probability is outside of its range
 */
export function binomial(
  shape: readonly number[],
  counts: TensorLike,
  probabilities: TensorLike,
  options: RandomOptions = {},
): Tensor {
  const op = 'random.binomial';
  checkOptions(op, options, SEED_KEYS, {
    n: 'counts',
    p: 'probabilities',
    total_count: 'counts',
    probs: 'probabilities',
  });
  const dtype = floatDType(op, options.dtype);
  const trials = isTensor(counts) && isInteger(counts.dtype) ? castTo(counts, dtype, op) : parameter(op, counts, dtype);
  const both = [trials, parameter(op, probabilities, dtype)];
  return apply(primitives.randomBinomial, both, drawnWith(op, shape, dtype, options.seed), op);
}

/**
 * 1 with probability `probability`, else 0.
 *
 * @param probability in [0, 1]: a number or a tensor of dtype floatx that broadcasts to `shape`
 * @returns floatx by default; `dtype` may be any, bool too
 */
export function bernoulli(shape: readonly number[], probability: TensorLike, options: RandomOptions = {}): Tensor {
  const op = 'random.bernoulli';
  checkOptions(op, options, SEED_KEYS, {p: 'probability'});
  const target = checkDType(op, options.dtype ?? floatx());
  const exact = isFloating(target) && target === 'float64' ? 'float64' : floatx();
  const chance = parameter(op, probability, exact);
  if (typeof probability === 'number' && !(probability >= 0 && probability <= 1)) {
    throw new ValueError(`${op}: the probability must lie in [0, 1], got ${describe(probability)}`);
  }
  const whole = checkShape(op, shape);
  const joined = broadcastShapes(chance.shape, whole);
  if (joined === null || !sameShape(joined, whole)) {
    throw new ShapeError(
      `${op}: the probability must broadcast to the shape ${show(whole)}, got one of shape ${show(chance.shape)}`,
    );
  }
  return castTo(less(uniform(whole, {dtype: exact, seed: options.seed}), chance), target, op);
}

/**
 * Class numbers drawn by log-probabilities, which need not be normalized: `-Infinity` is never drawn.
 *
 * @param logits (batch, classes), floating
 * @param numSamples how many to draw for each row
 * @returns (batch, numSamples), int32 by default
 * @throws ShapeError where the logits are not of rank 2
 * @throws ValueError where a logit is NaN or `Infinity`, or all of a row are `-Infinity`
 */
export function categorical(logits: TensorLike, numSamples: number, options: RandomOptions = {}): Tensor {
  const op = 'random.categorical';
  checkOptions(op, options, SEED_KEYS, {num_samples: 'numSamples'});
  const values = toFloat(logits, op);
  if (!Number.isSafeInteger(numSamples) || numSamples < 0) {
    throw new ValueError(`${op}: numSamples must be a non-negative integer, got ${describe(numSamples)}`);
  }
  const dtype = checkDType(op, options.dtype ?? 'int32');
  if (!isInteger(dtype)) throw new DtypeError(`${op}: dtype must be an integer one, got ${dtype}`);
  const own = dtype === 'int64' ? dtype : 'int32';
  const attributes = {samples: numSamples, dtype: own, state: resolveSeed(op, options.seed)} as const;
  const drawn = apply(primitives.randomCategorical, [values], attributes, op);
  return own === dtype ? drawn : castTo(drawn, dtype, op);
}

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** Sizes of 1 share one decision along that axis; null takes the input's size. Default: one decision for each element. */
  noiseShape?: Shape | null | undefined;
  seed?: RandomOptions['seed'];
}

/**
 * Sets a part `rate` of the elements to 0 and multiplies the rest by 1 / (1 - rate), so that the sum stays the same in
 * expectation.
 *
 * @param inputs floating
 * @param rate in [0, 1]
 */
export function dropout(inputs: AnyTensorLike, rate: number, options: DropoutOptions = {}): Tensor {
  const op = 'random.dropout';
  checkOptions(op, options, ['noiseShape', 'seed'], {noise_shape: 'noiseShape'});
  const x = toFloat(inputs, op);
  checkNumber(op, 'rate', rate);
  if (rate < 0 || rate > 1) throw new ValueError(`${op}: rate must lie in [0, 1], got ${String(rate)}`);
  const given = options.noiseShape ?? x.shape;
  const noise = given.map((n, axis) => n ?? x.shape[axis] ?? null);
  const whole = broadcastShapes(noise, x.shape);
  if (given.length !== x.ndim || whole === null || !sameShape(whole, x.shape)) {
    throw new ShapeError(
      `${op}: noiseShape must have the sizes of the inputs or 1, got ${show(given)} for inputs of shape ${show(x.shape)}`,
    );
  }
  if (isSymbolic(x) || rate === 0) return x.mul(1);
  if (rate === 1) return x.mul(0);
  // Halves hold too few numbers in [0, 1) to meet the rate.
  const dtype: DType = x.dtype === 'float64' ? 'float64' : 'float32';
  const keep = uniform(concrete(noise), {dtype, seed: options.seed}).greaterEqual(rate);
  return where(keep, x.mul(1 / (1 - rate)), 0);
}
