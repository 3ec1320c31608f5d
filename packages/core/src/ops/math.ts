import {type Element, isFloating} from '../dtype.js';
import {apply} from '../engine/dispatch.js';
import {ShapeError} from '../errors.js';
import * as binary from '../primitives/binary.js';
import * as special from '../primitives/special.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {
  type AnyTensorLike,
  binaryOp,
  castTo,
  floatOp,
  toFloat,
  toFloatPair,
  toPair,
  toTensor,
  unaryOp,
} from './convert.js';
import {equal, isinf, isnan, logicalAnd, logicalOr, maximum, minimum, where} from './elementwise.js';
import {stopGradient} from './gradient.js';
import {all} from './reduction.js';
import {concatenate, moveaxis, split} from './shape.js';

// Mathematical functions beyond the primitives of elementwise.ts.

/** The part before the decimal point. */
export const trunc = unaryOp(special.trunc);
/** 1 - erf(x), accurate for large x. */
export const erfc = floatOp(special.erfc);
/** The inverse of erf, for values in (-1, 1). */
export const erfinv = floatOp(special.erfinv);
/** The modified Bessel function of the first kind, order 0. */
export const i0 = floatOp(special.besselI0, 'i0');

/** |x| as a floating number. */
export function fabs(x: AnyTensorLike): Tensor {
  return toFloat(x, 'fabs').abs();
}

/** 2^x */
export function exp2(x: AnyTensorLike): Tensor {
  return toFloat(x, 'exp2').mul(Math.LN2).exp();
}

/** log(x) / log(2) */
export function log2(x: AnyTensorLike): Tensor {
  return toFloat(x, 'log2').log().mul(Math.LOG2E);
}

/** log(x) / log(10) */
export function log10(x: AnyTensorLike): Tensor {
  return toFloat(x, 'log10').log().mul(Math.LOG10E);
}

/** The real cube root. */
export function cbrt(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'cbrt');
  return value.sign().mul(value.abs().pow(1 / 3));
}

/** sin(pi x) / (pi x), 1 at 0. */
export function sinc(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'sinc').mul(Math.PI);
  const zero = value.equal(0);
  // The division is kept away from 0, for the gradient too.
  const safe = where(zero, 1, value);
  return where(zero, 1, safe.sin().div(safe));
}

/** Degrees to radians. */
export function deg2rad(x: AnyTensorLike): Tensor {
  return toFloat(x, 'deg2rad').mul(Math.PI / 180);
}

/** Radians to degrees. */
export function rad2deg(x: AnyTensorLike): Tensor {
  return toFloat(x, 'rad2deg').mul(180 / Math.PI);
}

const LARGEST: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};

/** NaN and infinities replaced: by 0 and the largest numbers of the dtype, if nothing else is given. */
export function nanToNum(
  x: AnyTensorLike,
  options: {nan?: number | undefined; posinf?: number | null | undefined; neginf?: number | null | undefined} = {},
): Tensor {
  checkOptions('nanToNum', options, ['nan', 'posinf', 'neginf']);
  const value = toTensor(x, 'nanToNum');
  if (!isFloating(value.dtype)) return value;
  const most = LARGEST[value.dtype] ?? Number.MAX_VALUE;
  const low = where(value.equal(-Infinity), options.neginf ?? -most, value);
  const high = where(value.equal(Infinity), options.posinf ?? most, low);
  return where(isnan(value), options.nan ?? 0, high);
}

/** Whether x is -infinity. */
export function isneginf(x: AnyTensorLike): Tensor<boolean> {
  const value = toTensor(x, 'isneginf');
  return logicalAnd(isinf(value), value.less(0));
}

/** Whether x is infinity. */
export function isposinf(x: AnyTensorLike): Tensor<boolean> {
  const value = toTensor(x, 'isposinf');
  return logicalAnd(isinf(value), value.greater(0));
}

/** Whether the sign bit is set: of -0 too. */
export function signbit(x: AnyTensorLike): Tensor<boolean> {
  const value = toTensor(x, 'signbit');
  if (!isFloating(value.dtype)) return value.less(0);
  // 1 / -0 is -infinity.
  return logicalOr(value.less(0), logicalAnd(value.equal(0), value.reciprocal().less(0)));
}

/** sqrt(a^2 + b^2) without overflow. */
export function hypot(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'hypot');
  const [p, q] = [x.abs(), y.abs()];
  const large = maximum(p, q);
  const zero = large.equal(0);
  const ratio = minimum(p, q).div(where(zero, 1, large));
  return where(zero, large, large.mul(ratio.square().add(1).sqrt()));
}

/** log(exp(a) + exp(b)) without overflow. */
export function logaddexp(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'logaddexp');
  const delta = x.sub(y);
  return where(isnan(delta), x.add(y), maximum(x, y).add(delta.abs().neg().exp().log1p()));
}

/** log2(2^a + 2^b) without overflow. */
export function logaddexp2(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'logaddexp2');
  return logaddexp(x.mul(Math.LN2), y.mul(Math.LN2)).mul(Math.LOG2E);
}

/** The larger one; a number where the other is NaN. */
export function fmax(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'fmax');
  return isFloating(x.dtype) ? where(isnan(x), y, where(isnan(y), x, maximum(x, y))) : maximum(x, y);
}

/** The smaller one; a number where the other is NaN. */
export function fmin(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'fmin');
  return isFloating(x.dtype) ? where(isnan(x), y, where(isnan(y), x, minimum(x, y))) : minimum(x, y);
}

/** The remainder with the sign of the dividend, as in C. */
export const fmod = binaryOp(special.fmod);

/** a / b, and 0 where b is 0. */
export function divideNoNan(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'divideNoNan');
  const zero = equal(y, 0);
  return where(zero, 0, apply(binary.divide, [x, where(zero, 1, y)], undefined, 'divideNoNan'));
}

/** 0 below 0, 1 above, and b at 0. */
export function heaviside(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toFloatPair(a, b, 'heaviside');
  const still = stopGradient(x);
  return where(x.less(0), 0, where(x.greater(0), 1, where(isnan(x), still, y)));
}

/** a 2^b; b is whole numbers of any dtype. */
export function ldexp(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const x = toFloat(a, 'ldexp');
  const two: Tensor = castTo(toTensor(2, 'ldexp'), x.dtype);
  return x.mul(two.pow(castTo(toTensor<Element>(b, 'ldexp'), x.dtype)));
}

/** The next number of the dtype from a towards b. */
export const nextafter = binaryOp(special.nextafter);
/** Greatest common divisor of integers. */
export const gcd = binaryOp(special.gcd);

/** Least common multiple of integers. */
export function lcm(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [x, y] = toPair(a, b, 'lcm');
  return x.abs().floorDivide(gcd(x, y)).mul(y.abs());
}

export interface CloseOptions {
  /** Default 1e-5. */
  rtol?: number | undefined;
  /** Default 1e-8. */
  atol?: number | undefined;
  /** Whether NaN equals NaN. Default false. */
  equalNan?: boolean | undefined;
}

/** |a - b| <= atol + rtol |b|, element by element. */
export function isclose(a: AnyTensorLike, b: AnyTensorLike, options: CloseOptions = {}): Tensor<boolean> {
  checkOptions('isclose', options, ['rtol', 'atol', 'equalNan']);
  const [x, y] = toFloatPair(a, b, 'isclose');
  const limit = y
    .abs()
    .mul(options.rtol ?? 1e-5)
    .add(options.atol ?? 1e-8);
  // Infinities are close to nothing, as in TensorFlow.
  const close = logicalAnd(x.sub(y).abs().lessEqual(limit), isinf(y).logicalNot());
  return options.equalNan === true ? logicalOr(close, logicalAnd(isnan(x), isnan(y))) : close;
}

/** Whether all elements are close: see {@link isclose}. */
export function allclose(a: AnyTensorLike, b: AnyTensorLike, options: CloseOptions = {}): Tensor<boolean> {
  return all(isclose(a, b, options));
}

/** Peak signal-to-noise ratio in dB: 20 log10(max) - 10 log10(mean((a - b)^2)). */
export function psnr(a: AnyTensorLike, b: AnyTensorLike, maxVal: number): Tensor {
  const [x, y] = toFloatPair(a, b, 'psnr');
  const error = x.sub(y).square().mean();
  return log10(error)
    .mul(-10)
    .add(20 * Math.log10(maxVal));
}

export interface CrossOptions {
  /** Where the vectors of a, b and the result are. Default -1. */
  axisa?: number | undefined;
  axisb?: number | undefined;
  axisc?: number | undefined;
  /** All three at once. */
  axis?: number | null | undefined;
}

/** The cross product of vectors of 3 components (or 2, whose third is 0: then the result is the third component). */
export function cross(a: AnyTensorLike, b: AnyTensorLike, options: CrossOptions = {}): Tensor {
  checkOptions('cross', options, ['axisa', 'axisb', 'axisc', 'axis']);
  const {axis} = options;
  const [x, y] = toPair(a, b, 'cross');
  const p = moveaxis(x, axis ?? options.axisa ?? -1, -1);
  const q = moveaxis(y, axis ?? options.axisb ?? -1, -1);
  if (![2, 3].includes(p.dim(-1)) || ![2, 3].includes(q.dim(-1))) {
    throw new ShapeError(`cross: vectors of 2 or 3 elements are needed, got a ${show(x.shape)} and b ${show(y.shape)}`);
  }
  const flat = p.dim(-1) === 2 && q.dim(-1) === 2;
  const [p0 = p, p1 = p, p2] = split(p, p.dim(-1), -1);
  const [q0 = q, q1 = q, q2] = split(q, q.dim(-1), -1);
  const third = p0.mul(q1).sub(p1.mul(q0));
  if (flat) return third.squeeze(-1);
  const a2 = p2 ?? p0.mul(0);
  const b2 = q2 ?? q0.mul(0);
  const product = concatenate([p1.mul(b2).sub(a2.mul(q1)), a2.mul(q0).sub(p0.mul(b2)), third], -1);
  return moveaxis(product, -1, axis ?? options.axisc ?? -1);
}
