import {type Complex, type DType} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as primitive from '../primitives/fft.js';
import {singleOrDouble} from '../primitives/rules.js';
import {show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {tensor, type TensorLike} from '../tensor/convert.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {imag, real} from './complex.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';
import {addN} from './elementwise.js';
import {irfft, type Parts, toComplex} from './fft.js';
import {extractSequences} from './indexing.js';
import {concatenate, pad} from './shape.js';

// Fourier transforms of short windows of a signal, and the signal back from them.

/** A window function by name, its values (as many as a sequence has), or null for none. */
export type Window = 'hann' | 'hamming' | TensorLike | null;

export interface StftOptions {
  /** Default `'hann'`. */
  window?: Window | undefined;
  /** Whether sequence t is centred at t strides: half a transform's length is mirrored at both ends. Default true. */
  center?: boolean | undefined;
}

export interface IstftOptions extends StftOptions {
  /** Points to give. Default: as many as the sequences hold. */
  length?: number | null | undefined;
}

interface Frames {
  readonly sequence: number;
  readonly stride: number;
  readonly transform: number;
}

function checkFrames(op: string, sequence: unknown, stride: unknown, transform: unknown): Frames {
  const whole = (name: string, value: unknown): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
    throw new ValueError(`${op}: ${name} must be a positive integer, got ${describe(value)}`);
  };
  const frames = {
    sequence: whole('sequenceLength', sequence),
    stride: whole('sequenceStride', stride),
    transform: whole('fftLength', transform),
  };
  if (frames.transform < frames.sequence) {
    throw new ValueError(
      `${op}: fftLength must be at least sequenceLength, got fftLength ${String(transform)} and sequenceLength ${String(sequence)}`,
    );
  }
  return frames;
}

/** a - (1 - a) cos(2 pi i / n): TensorFlow's window is periodic for an even number of points and symmetric for an odd one. */
function raisedCosine(points: number, a: number): Tensor {
  const period = points % 2 === 0 ? points : points - 1;
  const at = (i: number) => (points === 1 ? 1 : a - (1 - a) * Math.cos((2 * Math.PI * i) / period));
  return tensor(Float64Array.from({length: points}, (_, i) => at(i)));
}

/** The window's values in the middle of a transform's length, or null. */
function windowOf(op: string, window: Window, {sequence, transform}: Frames, dtype: DType): Tensor | null {
  if (window === null) return null;
  let values: Tensor;
  if (typeof window === 'string') {
    checkChoice(op, 'window', window, ['hann', 'hamming']);
    values = raisedCosine(sequence, window === 'hann' ? 0.5 : 0.54);
  } else {
    values = toTensor(window, op);
    if (values.ndim !== 1 || values.dim(0) !== sequence) {
      throw new ShapeError(
        `${op}: the window must have shape (${String(sequence)},), as sequenceLength says, got ${show(values.shape)}`,
      );
    }
  }
  const low = Math.floor((transform - sequence) / 2);
  return pad(castTo(values, dtype), [[low, transform - sequence - low]]);
}

/**
 * Spectra of overlapping windows of the last axis: (..., n) gives real and imaginary part of shape (..., sequences, fftLength / 2 + 1).
 * Sequences begin `sequenceStride` apart, are multiplied by the window and, in the middle of `fftLength` points, transformed.
 *
 * @example
 * const [re, im] = ops.stft(signal, 256, 64, 256);
 * @throws ValueError where fftLength is less than sequenceLength
 * @throws DtypeError where x is not float32 or float64
 */
export function stft(
  x: AnyTensorLike,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  options: StftOptions = {},
): [re: Tensor, im: Tensor] {
  checkOptions('stft', options, ['window', 'center']);
  const frames = checkFrames('stft', sequenceLength, sequenceStride, fftLength);
  const value: Tensor = toTensor(x, 'stft');
  if (!singleOrDouble.allows(value.dtype)) {
    throw new DtypeError(`stft: x must have float32 or float64, got ${value.dtype} of shape ${show(value.shape)}`);
  }
  if (value.ndim === 0) throw new ShapeError('stft: x must have rank 1 or more, got shape ()');
  const window = windowOf('stft', options.window === undefined ? 'hann' : options.window, frames, value.dtype);
  const edge = Math.floor(fftLength / 2);
  const mirrored = (): Tensor => {
    if (edge >= value.dim(-1)) {
      throw new ShapeError(
        `stft: with center, the last axis must have more than fftLength / 2 = ${String(edge)} points to be mirrored, got shape ${show(value.shape)}`,
      );
    }
    if (edge === 0) return value;
    const last = value.dim(-1) - 2;
    const low = value.at('...', slice(edge, 0, -1));
    const high = value.at('...', slice(last, last === edge - 1 ? null : last - edge, -1));
    return concatenate([low, value, high], -1);
  };
  const signal = (options.center ?? true) ? mirrored() : value;
  const sequences = extractSequences(signal, fftLength, sequenceStride);
  const y = apply(primitive.rfft, [window === null ? sequences : sequences.mul(window)], undefined, 'stft');
  return [real(y), imag(y)];
}

/**
 * The signal that {@link stft} with the same arguments gives spectra of: the inverse transforms, weighted by the window and
 * added up, over the sum of the squared windows.
 * @param x real and imaginary part, or a complex tensor, of shape (..., sequences, fftLength / 2 + 1)
 */
export function istft(
  x: Parts | Tensor<Complex>,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  options: IstftOptions = {},
): Tensor {
  checkOptions('istft', options, ['length', 'window', 'center']);
  const frames = checkFrames('istft', sequenceLength, sequenceStride, fftLength);
  const value = toComplex(x, 'istft');
  if (value.ndim < 2) throw new ShapeError(`istft: x must have rank 2 or more, got shape ${show(value.shape)}`);
  const {length, center = true} = options;
  if (length !== undefined && length !== null && !(Number.isInteger(length) && length >= 0)) {
    throw new ValueError(`istft: length must be a non-negative integer, got ${describe(length)}`);
  }
  const points = irfft(value, {fftLength});
  const window = windowOf('istft', options.window === undefined ? 'hann' : options.window, frames, points.dtype);
  const signal = overlapped(window === null ? points : points.mul(inverseWindow(window, frames)), sequenceStride);
  const start = center ? Math.floor(fftLength / 2) : 0;
  const whole = signal.dim(-1);
  const end = typeof length === 'number' ? Math.min(start + length, whole) : whole - start;
  return signal.at('...', slice(start, Math.max(end, start)));
}

/** The window over the sum of the squares of all windows that overlap at a point. */
function inverseWindow(window: Tensor, {stride, transform}: Frames): Tensor {
  const overlaps = Math.ceil(transform / stride);
  const squares = pad(window.square(), [[0, overlaps * stride - transform]]).reshape([overlaps, stride]);
  const total = squares.sum(0).tile([overlaps]).at(slice(0, transform));
  return window.div(total);
}

/** (..., sequences, points) added up along one axis, each sequence `stride` after the one before. */
function overlapped(x: Tensor, stride: number): Tensor {
  const [count, points] = [x.dim(-2), x.dim(-1)];
  const batch = x.shape.slice(0, -2).map((n) => n ?? -1);
  const overlaps = Math.ceil(points / stride);
  const last = (low: number, high: number, rank: number, axis: number) =>
    Array.from({length: rank}, (_, i) => (i === axis ? ([low, high] as const) : ([0, 0] as const)));
  const padded = pad(x, last(0, overlaps * stride - points, x.ndim, x.ndim - 1));
  // Parts of one stride: part i of sequence t is added to stride t + i of the signal.
  const parts = padded.reshape([...batch, count, overlaps, stride]);
  const shifted = Array.from({length: overlaps}, (_, i) =>
    pad(parts.at('...', i, ':'), last(i, overlaps - 1 - i, x.ndim, x.ndim - 2)),
  );
  const size = count === 0 ? 0 : (count - 1) * stride + points;
  return addN(shifted)
    .reshape([...batch, (count + overlaps - 1) * stride])
    .at('...', slice(0, size));
}
