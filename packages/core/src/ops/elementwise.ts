import {checkDType, type DType, type Element, isComplex, isDifferentiable, isInteger} from '../dtype.js';
import {ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as binary from '../primitives/binary.js';
import {magnitude} from '../primitives/complex.js';
import * as unary from '../primitives/unary.js';
import {select} from '../primitives/select.js';
import {type Tensor} from '../tensor/tensor.js';
import {
  type AnyTensorLike,
  type BinaryFunction,
  binaryOp,
  castTo,
  floatOp,
  toFloat,
  toFloatPair,
  toPair,
  toTensor,
  unaryOp,
} from './convert.js';
import {checkList} from './lists.js';
import {nonzero} from './nonzero.js';

// Functions of one tensor, element by element. Integers become float32 where the result is not whole, as in Keras.

/** -x */
export const negative = unaryOp(unary.negative);
/** |x|; booleans stay what they are, and the sizes of complex numbers are real. */
export function abs(x: AnyTensorLike): Tensor {
  const value = toTensor(x, 'abs');
  if (isComplex(value.dtype)) return apply(magnitude, [value], undefined, 'abs');
  return value.dtype === 'bool' ? value : apply(unary.abs, [value], undefined, 'abs');
}
/** {@link abs} under its other name. */
export {abs as absolute};
/** -1, 0 or 1; the direction x / |x| of complex numbers */
export const sign = unaryOp(unary.sign);
/** Square root; NaN below 0. */
export const sqrt = floatOp(unary.sqrt);
/** 1 / sqrt(x) */
export const rsqrt = floatOp(unary.rsqrt);
/** e^x. */
export const exp = floatOp(unary.exp);
/** exp(x) - 1, accurate near 0 */
export const expm1 = floatOp(unary.expm1);
/** The natural logarithm: NaN below 0, -Infinity at 0. */
export const log = floatOp(unary.log);
/** log(1 + x), accurate near 0 */
export const log1p = floatOp(unary.log1p);
/** The sine of x in radians. */
export const sin = floatOp(unary.sin);
/** The cosine of x in radians. */
export const cos = floatOp(unary.cos);
/** The tangent of x in radians. */
export const tan = floatOp(unary.tan);
/** The angle from -pi/2 to pi/2 whose sine is x. */
export const arcsin = floatOp(unary.asin, 'arcsin');
/** The angle from 0 to pi whose cosine is x. */
export const arccos = floatOp(unary.acos, 'arccos');
/** The angle from -pi/2 to pi/2 whose tangent is x. */
export const arctan = floatOp(unary.atan, 'arctan');
/** (exp(x) - exp(-x)) / 2. */
export const sinh = floatOp(unary.sinh);
/** (exp(x) + exp(-x)) / 2. */
export const cosh = floatOp(unary.cosh);
/** (e^x - e^-x) / (e^x + e^-x). */
export const tanh = floatOp(unary.tanh);
/** log(x + sqrt(x^2 + 1)). */
export const arcsinh = floatOp(unary.asinh, 'arcsinh');
/** log(x + sqrt(x^2 - 1)), for x of at least 1. */
export const arccosh = floatOp(unary.acosh, 'arccosh');
/** log((1 + x) / (1 - x)) / 2, for |x| < 1. */
export const arctanh = floatOp(unary.atanh, 'arctanh');
/** 1 / (1 + exp(-x)) */
export const sigmoid = floatOp(unary.sigmoid);
/** log(1 + exp(x)) */
export const softplus = floatOp(unary.softplus);
/** x / (1 + |x|) */
export const softsign = floatOp(unary.softsign);
/** The error function. */
export const erf = floatOp(unary.erf);
/** 1 / x */
export const reciprocal = floatOp(unary.reciprocal);
/** max(x, 0) */
export function relu(x: AnyTensorLike): Tensor {
  const value = toTensor(x, 'relu');
  return isInteger(value.dtype) ? maximum(value, 0) : apply(unary.relu, [value], undefined, 'relu');
}
/** min(max(x, 0), 6) */
export function relu6(x: AnyTensorLike): Tensor {
  const value = toTensor(x, 'relu6');
  return isInteger(value.dtype) ? clip(value, 0, 6) : apply(unary.relu6, [value], undefined, 'relu6');
}
/** x sigmoid(x) */
export const silu = floatOp(unary.silu);
/** x sigmoid(x): {@link silu} under its other name. */
export const swish = floatOp(unary.silu, 'swish');
/** x for x > 0, else exp(x) - 1; scaled by alpha there. */
export function elu(x: AnyTensorLike, options: {alpha?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'elu');
  const alpha = options.alpha ?? 1;
  if (alpha === 1) return apply(unary.elu, [value], undefined);
  return where(value.greater(0), value, value.minimum(0).expm1().mul(alpha));
}
/** 1.0507 x for x > 0, else 1.0507 * 1.6733 (e^x - 1): activations keep mean 0 and variance 1 (Klambauer et al. 2017). */
export const selu = floatOp(unary.selu);
/** log(sigmoid(x)), without overflow. */
export const logSigmoid = floatOp(unary.logSigmoid, 'logSigmoid');
/** x Phi(x), approximated with tanh by default, as in Keras. */
export function gelu(x: AnyTensorLike, options: {approximate?: boolean | undefined} = {}): Tensor {
  return apply((options.approximate ?? true) ? unary.geluTanh : unary.gelu, [toFloat(x, 'gelu')], undefined, 'gelu');
}
/** x for x > 0, else negativeSlope x. */
export function leakyRelu(x: AnyTensorLike, options: {negativeSlope?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'leakyRelu');
  return where(value.greater(0), value, value.mul(options.negativeSlope ?? 0.2));
}
/** The largest integer that is not above x. */
export const floor = floatOp(unary.floor);
/** The smallest integer that is not below x. */
export const ceil = floatOp(unary.ceil);
/** To the nearest whole number, halves to even; `decimals` digits are kept. */
export function round(x: AnyTensorLike, decimals = 0): Tensor {
  const value = toTensor(x, 'round');
  if (decimals === 0) return apply(unary.round, [value], undefined);
  const scale = 10 ** decimals;
  return apply(unary.round, [toFloat(value, 'round').mul(scale)], undefined).div(scale);
}

/** x^2 */
export function square(x: TensorLikeBigint): Tensor<bigint>;
export function square(x: AnyTensorLike): Tensor;
export function square(x: AnyTensorLike): Tensor | Tensor<bigint> {
  return apply<undefined>(unary.square, [toTensor(x, 'square')], undefined);
}
type TensorLikeBigint = Tensor<bigint> | bigint | readonly bigint[];

// Every whole number is finite.
const test =
  (primitive: typeof unary.isnan, op: string, ofIntegers: boolean) =>
  (x: AnyTensorLike): Tensor<boolean> => {
    const value = toTensor(x, op);
    if (isDifferentiable(value.dtype)) return apply<undefined, boolean>(primitive, [value], undefined, op);
    return apply<undefined, boolean>(ofIntegers ? binary.equal : binary.notEqual, [value, value], undefined, op);
  };

/** Whether x is NaN. */
export const isnan = test(unary.isnan, 'isnan', false);
/** Whether x is infinite. */
export const isinf = test(unary.isinf, 'isinf', false);
/** Whether x is neither infinite nor NaN. */
export const isfinite = test(unary.isfinite, 'isfinite', true);

// Functions of two tensors of one dtype, with broadcasting.

/** a + b. */
export const add = binaryOp(binary.add) as BinaryFunction;
/** a - b. */
export const subtract = binaryOp(binary.subtract) as BinaryFunction;
/** a b. */
export const multiply = binaryOp(binary.multiply) as BinaryFunction;
const quotient = (a: AnyTensorLike, b: AnyTensorLike): Tensor =>
  apply(binary.divide, toFloatPair(a, b, 'divide'), undefined);
/** a / b; integers become float32, as in Keras. */
export const divide = quotient as BinaryFunction;
/** a / b: {@link divide} under its other name. */
export const trueDivide = divide;
/** a^b. */
export const power = binaryOp(binary.power) as BinaryFunction;
/** The larger of a and b; NaN where one of them is. */
export const maximum = binaryOp(binary.maximum);
/** The smaller of a and b; NaN where one of them is. */
export const minimum = binaryOp(binary.minimum);
/** The remainder, with the sign of the divisor. */
export const mod = binaryOp(binary.mod);
/** floor(a / b); integers stay integers, and division of an integer by 0 gives 0. */
export const floorDivide = binaryOp(binary.floorDivide, 'floorDivide');
/** (a - b)^2; |a - b|^2 of complex numbers */
export const squaredDifference = binaryOp(binary.squaredDifference, 'squaredDifference');
/** The angle of the point (b, a), in (-pi, pi]. */
export function arctan2(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  return apply(binary.atan2, toFloatPair(a, b, 'arctan2'), undefined, 'arctan2');
}

/** Whether a = b; NaN equals nothing. */
export const equal = binaryOp<boolean>(binary.equal);
/** Whether a and b differ; NaN differs from everything. */
export const notEqual = binaryOp<boolean>(binary.notEqual, 'notEqual');
/** Whether a < b. */
export const less = binaryOp<boolean>(binary.less);
/** Whether a <= b. */
export const lessEqual = binaryOp<boolean>(binary.lessEqual, 'lessEqual');
/** Whether a > b. */
export const greater = binaryOp<boolean>(binary.greater);
/** Whether a >= b. */
export const greaterEqual = binaryOp<boolean>(binary.greaterEqual, 'greaterEqual');

const toBool = (x: AnyTensorLike, op: string): Tensor<boolean> => castTo<boolean>(toTensor<Element>(x, op), 'bool', op);

const logic =
  (primitive: typeof binary.logicalAnd, op: string) =>
  (a: AnyTensorLike, b: AnyTensorLike): Tensor<boolean> =>
    apply<undefined, boolean>(primitive, [toBool(a, op), toBool(b, op)], undefined, op);

/** Whether both are true; numbers other than 0 are. */
export const logicalAnd = logic(binary.logicalAnd, 'logicalAnd');
/** Whether one of both is true; numbers other than 0 are. */
export const logicalOr = logic(binary.logicalOr, 'logicalOr');
/** Whether exactly one is true; numbers other than 0 are. */
export const logicalXor = logic(binary.logicalXor, 'logicalXor');
/** Whether x is false, or 0. */
export const logicalNot = (x: AnyTensorLike): Tensor<boolean> =>
  apply<undefined, boolean>(unary.logicalNot, [toBool(x, 'logicalNot')], undefined, 'logicalNot');

/** Elements of `a` where the condition holds, of `b` elsewhere; alone, the indices (int32) where it holds: a list for each axis. */
export function where(condition: AnyTensorLike): Tensor[];
export function where(condition: AnyTensorLike, a: AnyTensorLike, b: AnyTensorLike): Tensor;
export function where(condition: AnyTensorLike, a?: AnyTensorLike, b?: AnyTensorLike): Tensor | Tensor[] {
  if (a === undefined && b === undefined) return nonzero(condition);
  if (a === undefined || b === undefined) throw new ValueError('where: both alternatives are needed, or none');
  const [x, y] = toPair(a, b, 'where');
  return apply(select, [toBool(condition, 'where'), x, y], undefined, 'where');
}

/** Every element brought into [min, max]. */
export function clip(x: AnyTensorLike, min: AnyTensorLike, max: AnyTensorLike): Tensor {
  const value = toTensor(x, 'clip');
  const [, low] = toPair(value, min, 'clip');
  const [, high] = toPair(value, max, 'clip');
  return minimum(maximum(value, low), high);
}

/** The values converted to `dtype`: truncation towards zero, integers wrap around. */
export function cast<E extends Element = number>(x: AnyTensorLike, dtype: DType): Tensor<E> {
  return castTo<E>(toTensor<Element>(x, 'cast'), checkDType('cast', dtype));
}

/** The sum of tensors of one shape and dtype. */
export function addN(xs: readonly AnyTensorLike[]): Tensor {
  checkList('addN', 'xs', xs);
  const [first = 0, ...rest] = xs;
  return rest.reduce<Tensor>(
    (sum, x) => apply(binary.add, toPair(sum, x, 'addN'), undefined, 'addN'),
    toTensor(first, 'addN'),
  );
}
