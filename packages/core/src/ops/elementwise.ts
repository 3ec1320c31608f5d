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
export {abs as absolute};
/** -1, 0 or 1; the direction x / |x| of complex numbers */
export const sign = unaryOp(unary.sign);
/** Square root; NaN below 0. */
export const sqrt = floatOp(unary.sqrt);
/** 1 / sqrt(x) */
export const rsqrt = floatOp(unary.rsqrt);
export const exp = floatOp(unary.exp);
/** exp(x) - 1, accurate near 0 */
export const expm1 = floatOp(unary.expm1);
export const log = floatOp(unary.log);
/** log(1 + x), accurate near 0 */
export const log1p = floatOp(unary.log1p);
export const sin = floatOp(unary.sin);
export const cos = floatOp(unary.cos);
export const tan = floatOp(unary.tan);
export const arcsin = floatOp(unary.asin, 'arcsin');
export const arccos = floatOp(unary.acos, 'arccos');
export const arctan = floatOp(unary.atan, 'arctan');
export const sinh = floatOp(unary.sinh);
export const cosh = floatOp(unary.cosh);
export const tanh = floatOp(unary.tanh);
export const arcsinh = floatOp(unary.asinh, 'arcsinh');
export const arccosh = floatOp(unary.acosh, 'arccosh');
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
export const swish = floatOp(unary.silu, 'swish');
/** x for x > 0, else exp(x) - 1; scaled by alpha there. */
export function elu(x: AnyTensorLike, options: {alpha?: number | undefined} = {}): Tensor {
  const value = toFloat(x, 'elu');
  const alpha = options.alpha ?? 1;
  if (alpha === 1) return apply(unary.elu, [value], undefined);
  return where(value.greater(0), value, value.minimum(0).expm1().mul(alpha));
}
export const selu = floatOp(unary.selu);
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
export const floor = floatOp(unary.floor);
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

export const isnan = test(unary.isnan, 'isnan', false);
export const isinf = test(unary.isinf, 'isinf', false);
export const isfinite = test(unary.isfinite, 'isfinite', true);

// Functions of two tensors of one dtype, with broadcasting.

export const add = binaryOp(binary.add) as BinaryFunction;
export const subtract = binaryOp(binary.subtract) as BinaryFunction;
export const multiply = binaryOp(binary.multiply) as BinaryFunction;
const quotient = (a: AnyTensorLike, b: AnyTensorLike): Tensor =>
  apply(binary.divide, toFloatPair(a, b, 'divide'), undefined);
/** a / b; integers become float32, as in Keras. */
export const divide = quotient as BinaryFunction;
export const trueDivide = divide;
export const power = binaryOp(binary.power) as BinaryFunction;
export const maximum = binaryOp(binary.maximum);
export const minimum = binaryOp(binary.minimum);
/** The remainder, with the sign of the divisor. */
export const mod = binaryOp(binary.mod);
export const floorDivide = binaryOp(binary.floorDivide, 'floorDivide');
/** (a - b)^2; |a - b|^2 of complex numbers */
export const squaredDifference = binaryOp(binary.squaredDifference, 'squaredDifference');
/** The angle of the point (b, a), in (-pi, pi]. */
export function arctan2(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  return apply(binary.atan2, toFloatPair(a, b, 'arctan2'), undefined, 'arctan2');
}

export const equal = binaryOp<boolean>(binary.equal);
export const notEqual = binaryOp<boolean>(binary.notEqual, 'notEqual');
export const less = binaryOp<boolean>(binary.less);
export const lessEqual = binaryOp<boolean>(binary.lessEqual, 'lessEqual');
export const greater = binaryOp<boolean>(binary.greater);
export const greaterEqual = binaryOp<boolean>(binary.greaterEqual, 'greaterEqual');

const toBool = (x: AnyTensorLike, op: string): Tensor<boolean> => castTo<boolean>(toTensor<Element>(x, op), 'bool', op);

const logic =
  (primitive: typeof binary.logicalAnd, op: string) =>
  (a: AnyTensorLike, b: AnyTensorLike): Tensor<boolean> =>
    apply<undefined, boolean>(primitive, [toBool(a, op), toBool(b, op)], undefined, op);

export const logicalAnd = logic(binary.logicalAnd, 'logicalAnd');
export const logicalOr = logic(binary.logicalOr, 'logicalOr');
export const logicalXor = logic(binary.logicalXor, 'logicalXor');
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
