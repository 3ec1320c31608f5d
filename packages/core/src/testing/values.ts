import {type Element} from '../dtype.js';
import {copyOf} from '../engine/execute.js';
import {tensor, type Tensor} from '../index.js';

// Deterministic test data in float64: never all ones, which cannot see swapped operands.

/** Mulberry32: uniform numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** Uniform float64 values in [low, high). */
export function uniform(shape: readonly number[], low = -2, high = 2, seed = 1): Tensor {
  const next = generator(seed + sizeOf(shape));
  return tensor(
    Float64Array.from({length: sizeOf(shape)}, () => low + (high - low) * next()),
    {shape},
  );
}

/**
 * Float64 values evenly spread over (low, high) in random order: all different, so that maxima are certain, and, in a range
 * around 0, never near it.
 */
export function spread(shape: readonly number[], low = -2, high = 2, seed = 1): Tensor {
  const size = sizeOf(shape);
  const next = generator(seed + size);
  const even = size + (size % 2);
  const values = Float64Array.from({length: even}, (_, i) => low + ((high - low) * (i + 0.5)) / even);
  for (let i = even - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
  return tensor(values.slice(0, size), {shape});
}

/** The same tensor with other strides: a transposed view of transposed memory. */
export function transposedLayout<E extends Element>(x: Tensor<E>): Tensor<E> {
  if (x.ndim < 2) return strided(x);
  // The copy's memory is in the reversed order of axes.
  return copyOf(x.transpose()).transpose();
}

/** The same tensor as every second element, backwards, of a larger one. */
export function strided<E extends Element>(x: Tensor<E>): Tensor<E> {
  if (x.ndim === 0) return x;
  const wide = x.expandDims(1).tile(x.shape.flatMap((_, i) => (i === 0 ? [1, 3] : [1])));
  const flat = wide.reshape([(x.shape[0] ?? 0) * 3, ...x.shape.slice(1).map(Number)]);
  return copyOf(flat.flip(0)).at('::-3');
}
