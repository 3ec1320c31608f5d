import {type Complex, type Element, isComplex} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as primitive from '../primitives/complex.js';
import {show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toFloat, toFloatPair, toTensor} from './convert.js';
import {onesLike} from './create.js';
import {equal, isnan, where} from './elementwise.js';
import {stack} from './shape.js';

// Complex numbers: made of two real tensors, taken apart again. Of real tensors the functions give what they give of complex
// ones without imaginary part.

/**
 * re + i im: complex64 of float32 parts, complex128 of float64 ones, which broadcast (TensorFlow's `tf.complex`).
 *
 * @example
 * ops.complex([1, 2], [3, 4]).array(); // [{re: 1, im: 3}, {re: 2, im: 4}]
 * @throws DtypeError where the parts are of two dtypes
 */
export function complex(re: AnyTensorLike, im: AnyTensorLike): Tensor<Complex> {
  return apply<undefined, Complex>(primitive.construct, toFloatPair(re, im, 'complex'), undefined, 'complex');
}

/** abs (cos(angle) + i sin(angle)), the angle in radians. */
export function polar(abs: AnyTensorLike, angle: AnyTensorLike): Tensor<Complex> {
  const [size, phase] = toFloatPair(abs, angle, 'polar');
  return apply<undefined, Complex>(
    primitive.construct,
    [size.mul(phase.cos()), size.mul(phase.sin())],
    undefined,
    'polar',
  );
}

/** The real part; a real tensor itself. */
export function real(x: AnyTensorLike): Tensor {
  const value: Tensor = toTensor(x, 'real');
  return isComplex(value.dtype) ? apply(primitive.real, [value], undefined) : value;
}

/** The imaginary part: zeros for a real tensor. */
export function imag(x: AnyTensorLike): Tensor {
  const value: Tensor = toTensor(x, 'imag');
  return isComplex(value.dtype) ? apply(primitive.imag, [value], undefined) : value.zerosLike();
}

/** The complex conjugate, re - i im; a real tensor itself. */
export function conj(x: Tensor<Complex>): Tensor<Complex>;
export function conj(x: AnyTensorLike): Tensor;
export function conj(x: AnyTensorLike): Tensor | Tensor<Complex> {
  return primitive.conj(toTensor(x, 'conj'));
}
/** {@link conj} under its other name. */
export {conj as conjugate};

/** The angle in the complex plane, in radians, in (-pi, pi]; of real numbers 0, or pi below 0. */
export function angle(x: AnyTensorLike): Tensor {
  const value = toFloat(x, 'angle');
  if (isComplex(value.dtype)) return apply(primitive.phase, [value], undefined, 'angle');
  return where(value.less(0), Math.PI, where(isnan(value), value, 0));
}

/** Whether the imaginary part is 0: of every real number. */
export function isreal(x: AnyTensorLike): Tensor<boolean> {
  const value = toTensor<Element>(x, 'isreal');
  if (isComplex(value.dtype)) return equal(imag(value), 0);
  return onesLike(value, 'bool') as Tensor<Element> as Tensor<boolean>;
}

/** Complex numbers as pairs of real ones along a new last axis: (...) gives (..., 2). */
export function viewAsReal(x: AnyTensorLike): Tensor {
  const value = toTensor<Element>(x, 'viewAsReal');
  return stack([real(value), imag(value)], -1);
}

/**
 * Pairs of real numbers along the last axis as complex ones: (..., 2) gives (...).
 * @throws ShapeError where the last axis does not have size 2
 */
export function viewAsComplex(x: AnyTensorLike): Tensor<Complex> {
  const value = toFloat(x, 'viewAsComplex');
  if (value.shape.at(-1) !== 2) {
    throw new ShapeError(
      `viewAsComplex: the last axis must have size 2 (real and imaginary part), got shape ${show(value.shape)}`,
    );
  }
  return complex(value.at('...', 0), value.at('...', 1));
}
