import {type Complex, type DType, type Element, isDifferentiable} from '../dtype.js';
import {floatx} from '../config.js';
import {apply} from '../engine/dispatch.js';
import {type Primitive} from '../engine/primitive.js';
import {cast as castPrimitive} from '../primitives/cast.js';
import {requireSameDType} from '../primitives/rules.js';
import {convert, convertLike, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

// How public functions turn their arguments into tensors.

export type AnyTensorLike = TensorLike | TensorLike<bigint> | TensorLike<boolean> | TensorLike<Element>;

/** One argument as a tensor. */
export function toTensor<E extends Element = number>(x: AnyTensorLike, op: string): Tensor<E> {
  return convert(x as TensorLike<E>, undefined, op);
}

/** One argument as a floating or complex tensor: integers and booleans become floatx, as in Keras. */
export function toFloat(x: AnyTensorLike, op: string): Tensor {
  const value = toTensor(x, op);
  return isDifferentiable(value.dtype) ? value : castTo(value, floatx(), op);
}

/** Two arguments of one dtype: where one is a tensor, plain values of the other take its dtype. */
export function toPair(a: AnyTensorLike, b: AnyTensorLike, op: string): [Tensor, Tensor] {
  if (isTensor(a)) {
    const other = convertLike(b, a.dtype, op);
    // Checked here too, so that the message names the function that was called and not one that it is composed of.
    if (other.dtype !== a.dtype) requireSameDType(op, ['a', 'b'], [a, other]);
    return [a as Tensor, other as Tensor];
  }
  if (isTensor(b)) return [convertLike(a, b.dtype, op) as Tensor, b as Tensor];
  return [toTensor(a, op), toTensor(b, op)];
}

/** Like {@link toPair}; where both are integers or booleans of one dtype, they become floatx. */
export function toFloatPair(a: AnyTensorLike, b: AnyTensorLike, op: string): [Tensor, Tensor] {
  const [x, y] = toPair(a, b, op);
  if (isDifferentiable(x.dtype)) return [x, y];
  return [castTo(x, floatx(), op), castTo(y, floatx(), op)];
}

export function castTo<E extends Element = number>(x: Tensor<Element>, dtype: DType, op = 'cast'): Tensor<E> {
  if (x.dtype === dtype && !x.mutable) return x as Tensor<E>;
  return apply<{dtype: DType}, E>(castPrimitive, [x], {dtype}, op);
}

/** A function of one tensor, real or complex. */
export interface UnaryFunction {
  (x: Tensor<Complex>): Tensor<Complex>;
  (x: AnyTensorLike): Tensor;
}

/** A function of two tensors, real or complex. */
export interface BinaryFunction {
  (a: Tensor<Complex>, b: TensorLike<Complex>): Tensor<Complex>;
  (a: TensorLike<Complex>, b: Tensor<Complex>): Tensor<Complex>;
  (a: AnyTensorLike, b: AnyTensorLike): Tensor;
}

/** A public function of one floating tensor. */
export const floatOp = (primitive: Primitive, op = primitive.name): UnaryFunction => {
  const call = (x: AnyTensorLike): Tensor => apply(primitive, [toFloat(x, op)], undefined, op);
  return call as UnaryFunction;
};

/** A public function of one tensor that keeps its dtype. */
export const unaryOp = (primitive: Primitive, op = primitive.name): UnaryFunction => {
  const call = (x: AnyTensorLike): Tensor => apply(primitive, [toTensor(x, op)], undefined, op);
  return call as UnaryFunction;
};

/** A public function of two tensors of one dtype. */
export const binaryOp =
  <E extends Element = number>(primitive: Primitive, op = primitive.name) =>
  (a: AnyTensorLike, b: AnyTensorLike): Tensor<E> =>
    apply<undefined, E>(primitive, toPair(a, b, op), undefined, op);
