import {type DType, partOf} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {show} from '../shape.js';
import {tensor} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {asComplex} from './complex.js';
import {complexOnly, given, requireDType, singleOrDouble} from './rules.js';

// Discrete Fourier transforms along the last axis.

export interface FourierAttributes {
  /** e^(+2 pi i jk / n) instead of e^(-2 pi i jk / n). */
  readonly inverse: boolean;
  /** Whether to divide by n. */
  readonly scaled: boolean;
}

function lastAxis(op: string, {shape}: Spec): number | null {
  const last = shape.at(-1);
  if (last === undefined) throw new ShapeError(`${op}: x must have rank 1 or more, got shape ${show(shape)}`);
  if (last === 0) throw new ShapeError(`${op}: the last axis has no points, got shape ${show(shape)}`);
  return last;
}

/** Complex points to complex points. Transposed and conjugated, the sum runs the other way with the same factor. */
export const fft: Primitive<FourierAttributes> = definePrimitive('fft', {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], _: FourierAttributes, op): Spec => {
    const input = given(x, op);
    requireDType(op, complexOnly, input);
    lastAxis(op, input);
    return {shape: input.shape, dtype: input.dtype};
  },
  run: {kind: 'contiguous', encode: ({inverse, scaled}) => [Number(inverse), Number(scaled)]},
  gradient: {
    saves: [],
    vjp: (_, dy, {attributes: {inverse, scaled}}) => [apply(fft, [dy], {inverse: !inverse, scaled})],
  },
});

const spectrumSize = (n: number): number => Math.floor(n / 2) + 1;

/** How often each point of half a spectrum of `n` points stands for itself and its mirror image, times `factor`. */
function weights(n: number, ends: number, inner: number, dtype: DType): Tensor {
  const size = spectrumSize(n);
  const values = Float64Array.from({length: size}, (_, k) => (k === 0 || 2 * k === n ? ends : inner));
  return asComplex(tensor(values).cast(partOf(dtype)) as Tensor);
}

/** n real points to the first n / 2 + 1 points of their spectrum. */
export const rfft: Primitive = definePrimitive('rfft', {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], _: undefined, op): Spec => {
    const input = given(x, op);
    requireDType(op, singleOrDouble, input);
    const n = lastAxis(op, input);
    const shape = [...input.shape.slice(0, -1), n === null ? null : spectrumSize(n)];
    return {shape, dtype: input.dtype === 'float64' ? 'complex128' : 'complex64'};
  },
  run: {kind: 'contiguous'},
  // Re sum_k dy[k] e^(2 pi i jk / n): what irfft computes of it divides by n and counts inner points twice.
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs}) => {
      const length = given(inputs[0], 'rfft').shape.at(-1) ?? 1;
      return [apply(irfft, [dy.mul(weights(length, length, length / 2, dy.dtype))], {length})];
    },
  },
});

export interface RealFourierAttributes {
  /** Number of real points. */
  readonly length: number;
}

/** The first `length` / 2 + 1 points of a spectrum to `length` real points. */
export const irfft: Primitive<RealFourierAttributes> = definePrimitive('irfft', {
  inputs: ['x'],
  infer: ([x]: readonly Spec[], {length}: RealFourierAttributes, op): Spec => {
    const input = given(x, op);
    requireDType(op, complexOnly, input);
    const size = lastAxis(op, input);
    if (size !== null && size !== spectrumSize(length)) {
      throw new ShapeError(
        `${op}: ${String(length)} real points have a spectrum of ${String(spectrumSize(length))}, got shape ${show(input.shape)}`,
      );
    }
    return {shape: [...input.shape.slice(0, -1), length], dtype: partOf(input.dtype)};
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: [],
    vjp: (_, dy, {attributes: {length}, inputs}) => {
      const {dtype} = given(inputs[0], 'irfft');
      return [apply(rfft, [dy], undefined).mul(weights(length, 1 / length, 2 / length, dtype))];
    },
  },
});
