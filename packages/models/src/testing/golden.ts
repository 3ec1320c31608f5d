import {readFileSync} from 'node:fs';
import {type Element, type Tensor, tensor} from '@keratin/core';
import {expect} from 'vitest';

// Readers of the files in tests/golden: what real Keras gave for the same inputs.

const folder = new URL('../../../../tests/golden/', import.meta.url);

/** A suite: its cases and its tensors by name. */
export interface Golden<C> {
  readonly source: string;
  readonly cases: readonly C[];
  /** A tensor by name, in the dtype that it was recorded in. */
  tensor(name: string): Tensor;
}

const ARRAYS = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F64: (bytes: ArrayBuffer) => new Float64Array(bytes),
  I32: (bytes: ArrayBuffer) => new Int32Array(bytes),
  I64: (bytes: ArrayBuffer) => new BigInt64Array(bytes),
  U8: (bytes: ArrayBuffer) => new Uint8Array(bytes),
  BOOL: (bytes: ArrayBuffer) => new Uint8Array(bytes),
} as const;

interface Entry {
  readonly dtype: keyof typeof ARRAYS;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A suite of `tests/golden`; its tensors are read when the first is asked for. */
export function readGolden<C>(suite: string): Golden<C> {
  const json = JSON.parse(readFileSync(new URL(`${suite}.json`, folder), 'utf8')) as {source: string; cases: C[]};
  let loaded: {bytes: Buffer; header: Record<string, Entry>; start: number} | undefined;
  const load = () => {
    const bytes = readFileSync(new URL(`${suite}.safetensors`, folder));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, Entry>;
    return {bytes, header, start: 8 + length};
  };
  return {
    ...json,
    tensor(name) {
      loaded ??= load();
      const entry = loaded.header[name];
      if (entry === undefined) throw new Error(`golden suite ${suite} has no tensor ${name}`);
      const [from, to] = entry.data_offsets;
      const part = Uint8Array.from(loaded.bytes.subarray(loaded.start + from, loaded.start + to));
      const flat: Tensor<Element> = tensor(ARRAYS[entry.dtype](part.buffer) as Float32Array, {shape: entry.shape});
      return (entry.dtype === 'BOOL' ? flat.cast('bool') : flat) as Tensor;
    },
  };
}

/** The number that JSON stands for: "NaN" and infinities are strings there. */
export const toNumber = (value: number | string): number => Number(value);

/** abs(a - b) <= tolerance + tolerance * abs(b), element by element; NaN and infinities only equal themselves. */
export function expectClose(
  actual: Tensor<Element> | number,
  expected: Tensor<Element> | number,
  what: string,
  tolerance = 1e-5,
): void {
  const a = valuesOf(actual);
  const b = valuesOf(expected);
  if (typeof actual !== 'number' && typeof expected !== 'number') {
    // Some scalars were recorded as [1].
    const scalar = actual.ndim === 0 && expected.size === 1;
    if (!scalar) expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  }
  expect(a.length, `${what}: number of elements`).toBe(b.length);
  a.forEach((x, i) => {
    const y = b[i] ?? Number.NaN;
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance + tolerance * Math.abs(y);
    if (!close) expect.fail(`${what}: element ${String(i)} is ${String(x)}, Keras has ${String(y)}`);
  });
}

function valuesOf(value: Tensor<Element> | number): number[] {
  return typeof value === 'number' ? [value] : Array.from(value.data() as ArrayLike<number | bigint>, Number);
}
