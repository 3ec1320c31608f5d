import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import {
  FileFormatError,
  loadNpy,
  loadNpz,
  loadSafetensors,
  ops,
  range,
  saveNpy,
  saveNpz,
  saveSafetensors,
  tensor,
} from '../index.js';
import {DTYPES, type Element} from '../dtype.js';
import {checkLeaks} from '../testing/leaks.js';
import {Storage} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';
import {generator} from '../testing/values.js';

checkLeaks();

// Damaged files give an error that says so, or tensors whose sizes fit the file: never a crash, nor memory for what the file cannot
// hold.

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-fuzz-'));
});
afterAll(() => rm(folder, {recursive: true}));
const at = (name: string) => join(folder, name);

type Load = (path: string) => Promise<readonly Tensor<Element>[]>;
interface Kind {
  readonly make: (path: string) => Promise<void>;
  readonly load: Load;
  /** How many bytes of tensors a byte of the file can stand for. */
  readonly ratio: number;
}

const tensors = () => ({
  kernel: ops.arange(12).reshape([3, 4]),
  bias: tensor([1, 2, 3], 'float64'),
  ids: range(5),
  mask: tensor([true, false, true]),
  none: ops.zeros([0, 3]),
});

const loadOne: Load = async (path) => [await loadNpy<Element>(path)];
const KINDS: Readonly<Record<string, Kind>> = {
  npy: {make: (path) => saveNpy(path, tensors().kernel), load: loadOne, ratio: 1},
  'npy of booleans': {make: (path) => saveNpy(path, tensors().mask), load: loadOne, ratio: 1},
  npz: {
    make: (path) => saveNpz(path, tensors()),
    load: async (path) => Object.values(await loadNpz<Element>(path)),
    ratio: 1,
  },
  'compressed npz': {
    make: (path) => saveNpz(path, tensors(), {compressed: true}),
    load: async (path) => Object.values(await loadNpz<Element>(path)),
    ratio: 1032,
  },
  safetensors: {
    make: (path) => saveSafetensors(path, tensors(), {metadata: {note: 'a text'}}),
    load: async (path) => Object.values(await loadSafetensors<Element>(path)),
    ratio: 1,
  },
};

const ODD = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x7b, 0x5d, 0x30, 0x39];

/** One to four changes: bits, bytes, words, cuts, insertions, repetitions and swaps. */
function mutated(good: Buffer, next: () => number): Buffer {
  const below = (n: number) => Math.floor(next() * n);
  let bytes = Buffer.from(good);
  for (let change = 0; change <= below(4); change++) {
    const where = below(Math.max(bytes.length, 1));
    const length = 1 + below(16);
    switch (below(8)) {
      case 0:
        bytes[where] = (bytes[where] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        bytes[where] = ODD[below(ODD.length)] ?? 0;
        break;
      case 2:
        bytes.fill(ODD[below(ODD.length)] ?? 0, where, Math.min(bytes.length, where + (below(2) === 0 ? 4 : 8)));
        break;
      case 3:
        bytes = bytes.subarray(0, where);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, where), Buffer.alloc(length, below(256)), bytes.subarray(where)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, where), bytes.subarray(where + length)]);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, where + length), bytes.subarray(where)]);
        break;
      default: {
        // A digit of a size or an offset.
        const digits = [...bytes.keys()].filter((i) => (bytes[i] ?? 0) >= 0x30 && (bytes[i] ?? 0) <= 0x39);
        const digit = digits[below(digits.length)];
        if (digit !== undefined) bytes[digit] = 0x30 + below(10);
      }
    }
  }
  return bytes;
}

const ROUNDS = 400;

describe.each(Object.entries(KINDS))('%s', (name, {make, load, ratio}) => {
  it(`${String(ROUNDS)} damaged files`, async () => {
    const path = at(`good ${name}`);
    await make(path);
    const good = await readFile(path);
    const allocate = vi.spyOn(Storage, 'allocate');
    const next = generator(name.length);
    let [refused, read] = [0, 0];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = mutated(good, next);
        await writeFile(at('bad'), bytes);
        allocate.mockClear();
        const result = await load(at('bad')).catch((error: unknown) => error);
        const taken = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0);
        const message = `round ${String(round)}: ${String(result)}`;
        expect(taken, message).toBeLessThanOrEqual(bytes.length * ratio);
        if (result instanceof Error) {
          refused += 1;
          expect(result, message).toBeInstanceOf(FileFormatError);
          expect(result.message, message).toContain('bad');
        } else {
          read += 1;
          const held = (result as Tensor<Element>[]).map((t) => t.size * DTYPES[t.dtype].bytes);
          expect(
            held.reduce((sum, n) => sum + n, 0),
            message,
          ).toBeLessThanOrEqual(bytes.length * ratio);
          for (const t of result as Tensor<Element>[]) expect(() => t.array(), message).not.toThrow();
        }
      }
    } finally {
      allocate.mockRestore();
    }
    // Both happen, so that the damage is neither too small nor too large to say anything.
    expect(refused).toBeGreaterThan(ROUNDS / 4);
    expect(read).toBeGreaterThan(0);
  });
});
