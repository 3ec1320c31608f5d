import {type Complex, type Element, isComplex} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as complexes from '../primitives/complex.js';
import * as primitive from '../primitives/fft.js';
import {type FourierAttributes} from '../primitives/fft.js';
import {sameShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {slice as range} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {imag, real} from './complex.js';
import {pad, swapaxes} from './shape.js';

// Discrete Fourier transforms. Like Keras's functions they take and give complex numbers as pairs of real tensors; they also take
// complex tensors, and then give them.

/** The real and the imaginary parts of complex numbers: two floating tensors of one shape and dtype. */
export type Parts = readonly [re: AnyTensorLike, im: AnyTensorLike];

/** Number of real points. */
export interface FourierOptions {
  /** Points of the transform: longer inputs are cut off, shorter ones padded with zeros. Default: those that are there. */
  fftLength?: number | null | undefined;
}

/** A pair or a complex tensor as a complex tensor. */
export function toComplex(x: Parts | Tensor<Complex>, op: string): Tensor<Complex> {
  if (isTensor(x)) {
    if (isComplex(x.dtype)) return x;
    throw new DtypeError(
      `${op}: x must be a pair of tensors [real, imaginary] or a complex tensor, got one of ${x.dtype} and shape ${show(x.shape)}`,
    );
  }
  const parts: unknown = x;
  if (!Array.isArray(parts) || parts.length !== 2) {
    throw new ValueError(
      `${op}: x must be a pair of tensors [real, imaginary] or a complex tensor, got ${describe(x)}`,
    );
  }
  const [re, im]: Tensor[] = x.map((part: AnyTensorLike) => toTensor(part, op));
  if (re === undefined || im === undefined || !sameShape(re.shape, im.shape)) {
    throw new ShapeError(
      `${op}: real and imaginary part must have one shape, got ${show(re?.shape ?? [])} and ${show(im?.shape ?? [])}`,
    );
  }
  return apply<undefined, Complex>(complexes.construct, [re, im], undefined, op);
}

/** The two parts of a transform of a pair, or the complex tensor itself. */
function likeInput(x: Parts | Tensor<Complex>, y: Tensor<Element>): [Tensor, Tensor] | Tensor<Complex> {
  return isTensor(x) ? (y as Tensor<Complex>) : [real(y), imag(y)];
}

interface Transform {
  (x: Tensor<Complex>): Tensor<Complex>;
  (x: Parts): [re: Tensor, im: Tensor];
}

const along = (attributes: FourierAttributes, op: string): Transform => {
  const transform = (x: Parts | Tensor<Complex>): [Tensor, Tensor] | Tensor<Complex> =>
    likeInput(x, apply(primitive.fft, [toComplex(x, op)], attributes, op));
  return transform as Transform;
};

/** The last axis, then the last but one. */
const over = (attributes: FourierAttributes, op: string): Transform => {
  const transform = (x: Parts | Tensor<Complex>): [Tensor, Tensor] | Tensor<Complex> => {
    const value = toComplex(x, op);
    if (value.ndim < 2) throw new ShapeError(`${op}: x must have rank 2 or more, got shape ${show(value.shape)}`);
    const rows = apply(primitive.fft, [value], attributes, op);
    const columns = apply(primitive.fft, [swapaxes(rows, -1, -2)], attributes, op);
    return likeInput(x, swapaxes(columns, -1, -2));
  };
  return transform as Transform;
};

/**
 * The Fourier transform of the last axis: y[k] = sum_j x[j] e^(-2 pi i jk / n).
 *
 * @example
 * const [re, im] = ops.fft([[1, 2, 3, 4], [0, 0, 0, 0]]); // re 10, -2, -2, -2; im 0, 2, 0, -2
 * @throws ShapeError where the two parts have different shapes, or no points
 * @throws DtypeError where they are not float32 or float64
 */
export const fft: Transform = along({inverse: false, scaled: false}, 'fft');

/** The inverse of {@link fft}: x[j] = sum_k y[k] e^(2 pi i jk / n) / n. */
export const ifft: Transform = along({inverse: true, scaled: true}, 'ifft');

/** The Fourier transform of the last two axes. */
export const fft2: Transform = over({inverse: false, scaled: false}, 'fft2');

/** The inverse of {@link fft2}. */
export const ifft2: Transform = over({inverse: true, scaled: true}, 'ifft2');

/** `n` as a number of points. */
function checkLength(op: string, name: string, n: unknown): number {
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 1) {
    throw new ValueError(`${op}: ${name} must be a positive integer, got ${describe(n)}`);
  }
  return n;
}

/** The last axis cut off or padded with zeros. */
function fitted(x: Tensor<Element>, size: number): Tensor<Element> {
  const own = x.shape.at(-1);
  if (own === undefined || own === size) return x;
  const now = x.dim(-1);
  if (now > size) return x.at('...', range(0, size));
  return pad(
    x,
    x.shape.map((_, axis) => [0, axis === x.ndim - 1 ? size - now : 0] as const),
  );
}

/**
 * The first half of the spectrum of real numbers: n / 2 + 1 points of the {@link fft} of n, the others being their conjugates.
 * @returns real and imaginary part
 */
export function rfft(x: AnyTensorLike, options: FourierOptions = {}): [re: Tensor, im: Tensor] {
  checkOptions('rfft', options, ['fftLength'], {n: 'fftLength', length: 'fftLength'});
  const {fftLength} = options;
  const given: Tensor = toTensor(x, 'rfft');
  const value =
    fftLength === undefined || fftLength === null ? given : fitted(given, checkLength('rfft', 'fftLength', fftLength));
  const y = apply(primitive.rfft, [value], undefined, 'rfft');
  return [real(y), imag(y)];
}

/** The inverse of {@link rfft}; `fftLength` defaults to 2 (m - 1) for m points. Imaginary parts that no real signal has are ignored. */
export function irfft(x: Parts | Tensor<Complex>, options: FourierOptions = {}): Tensor {
  checkOptions('irfft', options, ['fftLength'], {n: 'fftLength', length: 'fftLength'});
  const value = toComplex(x, 'irfft');
  if (value.ndim === 0) throw new ShapeError('irfft: x must have rank 1 or more, got shape ()');
  const length = checkLength('irfft', 'fftLength', options.fftLength ?? 2 * (value.dim(-1) - 1));
  return apply(primitive.irfft, [fitted(value, Math.floor(length / 2) + 1)], {length}, 'irfft');
}
