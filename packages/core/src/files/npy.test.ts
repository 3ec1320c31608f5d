import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {
  FileFormatError,
  loadNpy,
  loadNpz,
  ops,
  range,
  saveNpy,
  saveNpz,
  tensor,
  type Tensor,
  Variable,
} from '../index.js';
import {type DType, type Element} from '../dtype.js';
import {readRaw, valuesOf} from '../tensor/read.js';
import {decodeNpy, encodeNpy} from './npy.js';

interface Golden {
  readonly source: string;
  readonly cases: readonly {
    readonly id: string;
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly values: readonly (number | boolean | string | readonly number[])[];
    readonly base64: string;
  }[];
  readonly refused: readonly {readonly id: string; readonly message: string; readonly base64: string}[];
  readonly archives: readonly {readonly id: string; readonly base64: string}[];
}

const path = new URL('../../../../tests/golden/npy.json', import.meta.url);
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-npy-'));
});
afterAll(() => rm(folder, {recursive: true}));

const at = (name: string) => join(folder, name);
const bytesOf = (base64: string) => Buffer.from(base64, 'base64');

async function loadBytes(bytes: Uint8Array): Promise<Tensor> {
  await writeFile(at('case.npy'), bytes);
  return loadNpy(at('case.npy'));
}

describe(`arrays of ${golden.source}`, () => {
  it.each(golden.cases.map((c) => [c.id, c] as const))('%s', async (_, {dtype, shape, values, base64}) => {
    const t = await loadBytes(bytesOf(base64));
    expect(t.dtype).toBe(dtype);
    expect(t.shape).toEqual(shape);
    const plain = dtype.startsWith('complex') ? [...readRaw(t)] : valuesOf(t);
    expect(plain.map((value) => (typeof value === 'bigint' ? String(value) : value))).toEqual(values.flat());
  });

  it.each(golden.refused.map((c) => [c.id, c] as const))('refuses %s', async (_, {message, base64}) => {
    const loading = loadBytes(bytesOf(base64));
    await expect(loading).rejects.toThrow(FileFormatError);
    await expect(loading).rejects.toThrow(message);
  });

  it.each(golden.archives.map((c) => [c.id, c] as const))('archive by %s', async (_, {base64}) => {
    await writeFile(at('case.npz'), bytesOf(base64));
    const {x, labels, 'a/b': flag, ...rest} = await loadNpz<Element>(at('case.npz'));
    expect(x?.array()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(labels?.dtype).toBe('int32');
    expect(flag?.item()).toBe(true);
    expect(rest).toEqual({});
  });
});

describe('saveNpy and saveNpz', () => {
  it('are read back', async () => {
    const x = range(24).reshape([2, 3, 4]).transpose();
    await saveNpy(at('x.npy'), x);
    expect((await loadNpy(at('x.npy'))).array()).toEqual(x.array());
    const v = new Variable([1, 2]);
    for (const compressed of [false, true]) {
      const saving = saveNpz(
        at('all.npz'),
        {x, v, empty: ops.zeros([0, 2]), yes: tensor(true), n: tensor([1n])},
        {compressed},
      );
      v.assign([5, 5]);
      await saving;
      const read = await loadNpz<Element>(at('all.npz'));
      expect(Object.keys(read)).toEqual(['x', 'v', 'empty', 'yes', 'n']);
      expect(read['x']?.array()).toEqual(x.array());
      expect(read['v']?.array()).toEqual([1, 2]);
      expect(read['empty']?.shape).toEqual([0, 2]);
      expect(read['yes']?.item()).toBe(true);
      expect(read['n']?.array()).toEqual([1n]);
      v.assign([1, 2]);
    }
  });

  it('write the bytes that NumPy writes', () => {
    for (const id of ['float32', 'int64', 'bool', 'scalar', 'one axis', 'empty']) {
      const bytes = bytesOf(golden.cases.find((c) => c.id === id)?.base64 ?? '');
      expect(Buffer.from(encodeNpy(decodeNpy(bytes, 'test'), 'test')).equals(bytes), id).toBe(true);
    }
  });

  it('refuse what the format does not have', async () => {
    await expect(saveNpy(at('b.npy'), tensor([1], 'bfloat16'))).rejects.toThrow(
      "no dtype for bfloat16; use cast('float32')",
    );
    await expect(saveNpy(at('b.npy'), [1] as never)).rejects.toThrow('must be a tensor, got [1]');
    await expect(saveNpz(at('b.npz'), {}, {compress: true} as never)).rejects.toThrow('did you mean "compressed"?');
    await expect(readFile(at('b.npy'))).rejects.toThrow('ENOENT');
  });
});

describe('damaged files are refused', () => {
  const good = bytesOf(golden.cases.find((c) => c.id === 'float32')?.base64 ?? '');
  const header = (text: string, data: readonly number[] = []) => {
    const bytes = Buffer.alloc(10 + text.length);
    good.copy(bytes, 0, 0, 8);
    bytes.writeUInt16LE(text.length, 8);
    bytes.write(text, 10);
    return Buffer.concat([bytes, Buffer.from(data)]);
  };

  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'does not begin with'],
    ['another file', Buffer.from('something else entirely'), 'does not begin with'],
    ['a later version', Buffer.concat([good.subarray(0, 6), Buffer.from([9]), good.subarray(7)]), 'version is 9'],
    ['a header longer than the file', good.subarray(0, 40), 'its header is longer than the file'],
    ['too few elements', good.subarray(0, good.length - 1), 'need 24 bytes, it holds 23'],
    ['too many', Buffer.concat([good, Buffer.alloc(1)]), 'need 24 bytes, it holds 25'],
    ['a header that is no dictionary', header('import os'), 'its header is "import os"'],
    ['a bomb', header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }"), 'need'],
    [
      'a size beyond integers',
      header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
      'shape is',
    ],
    ['a boolean of 7', header("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", [7]), 'neither 0 nor 1'],
  ])('%s', async (_, bytes, message) => {
    const loading = loadBytes(bytes);
    await expect(loading).rejects.toThrow(FileFormatError);
    await expect(loading).rejects.toThrow(message);
  });

  it('archives: every byte of one, or the same arrays', async () => {
    await saveNpz(at('good.npz'), {x: tensor([1, 2, 3]), y: ops.ones([2, 2])}, {compressed: true});
    const bytes = await readFile(at('good.npz'));
    for (let i = 0; i < bytes.length; i++) {
      const bad = Buffer.from(bytes);
      bad[i] = (bad[i] ?? 0) ^ 0x21;
      await writeFile(at('bad.npz'), bad);
      const read = await loadNpz(at('bad.npz')).catch((error: unknown) => error);
      if (read instanceof Error) expect(read, String(read)).toBeInstanceOf(FileFormatError);
      else
        expect(Object.values(read as Record<string, Tensor>).map((t) => t.array())).toEqual([
          [1, 2, 3],
          [
            [1, 1],
            [1, 1],
          ],
        ]);
    }
    for (const end of [0, 10, bytes.length - 1]) {
      await writeFile(at('bad.npz'), bytes.subarray(0, end));
      await expect(loadNpz(at('bad.npz'))).rejects.toThrow('it has no directory');
    }
  });
});
