import {readFileSync} from 'node:fs';
import {type Element, tensor, type Tensor} from '@keratin/core';
import {expect} from 'vitest';

// Reads the files in tests/golden, which hold what real Keras gave for the same inputs: `suite.json` has the cases, a name there such as
// "dense_relu/in_0" is a tensor in `suite.safetensors`.

const folder = new URL('golden/', import.meta.url);

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

/** The cases of a suite and its tensors by name. */
export class Golden<C> {
  /** Which versions made it. */
  readonly source: string;
  readonly cases: readonly C[];
  readonly #suite: string;
  #file: {readonly bytes: Buffer; readonly header: Readonly<Record<string, Entry>>; readonly start: number} | undefined;

  constructor(suite: string) {
    const text = readFileSync(new URL(`${suite}.json`, folder), 'utf8');
    const json = JSON.parse(text) as {readonly source: string; readonly cases: readonly C[]};
    this.source = json.source;
    this.cases = json.cases;
    this.#suite = suite;
  }

  /** A tensor by name, in the dtype that it was recorded in. */
  tensor(name: string): Tensor {
    const {bytes, header, start} = (this.#file ??= this.#load());
    const entry = header[name];
    if (entry === undefined) throw new Error(`golden suite ${this.#suite} has no tensor ${name}`);
    const [from, to] = entry.data_offsets;
    // A copy, so that the array is aligned.
    const part = Uint8Array.from(bytes.subarray(start + from, start + to));
    const values = ARRAYS[entry.dtype](part.buffer) as Float32Array;
    const flat: Tensor<Element> = tensor(values, {shape: entry.shape});
    return (entry.dtype === 'BOOL' ? flat.cast('bool') : flat) as Tensor;
  }

  #load() {
    const bytes = readFileSync(new URL(`${this.#suite}.safetensors`, folder));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, Entry>;
    return {bytes, header, start: 8 + length};
  }
}

const numbersOf = (value: Tensor<Element> | number): number[] =>
  typeof value === 'number' ? [value] : Array.from(value.data() as ArrayLike<number | bigint>, Number);

/** |a - b| <= tolerance * (1 + |b|), element by element; NaN and infinities equal only themselves. */
export function expectClose(
  actual: Tensor<Element> | number,
  expected: Tensor<Element> | number,
  what: string,
  tolerance = 1e-5,
): void {
  if (typeof actual !== 'number' && typeof expected !== 'number') {
    expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  }
  const a = numbersOf(actual);
  const b = numbersOf(expected);
  expect(a.length, `${what}: number of elements`).toBe(b.length);
  a.forEach((x, i) => {
    const y = b[i] ?? Number.NaN;
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * (1 + Math.abs(y));
    if (!close) expect.fail(`${what}: element ${String(i)} is ${String(x)}, Keras has ${String(y)}`);
  });
}
