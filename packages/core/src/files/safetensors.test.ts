import {mkdtemp, readdir, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {FileFormatError, loadSafetensors, ops, saveSafetensors, tensor, Variable} from '../index.js';
import {type Tensor} from '../tensor/tensor.js';
import {type DType, type Element} from '../dtype.js';
import {readSafetensors} from './safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-safetensors-'));
});
afterAll(() => rm(folder, {recursive: true}));

const at = (name: string) => join(folder, name);

/** A file of a header, given as JSON text, and so many zero bytes. */
function fileOf(header: string, dataBytes: number, lengthField = BigInt(Buffer.byteLength(header))): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(lengthField);
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

async function loadBytes(bytes: Uint8Array): Promise<Record<string, Tensor>> {
  const path = at('case.safetensors');
  await writeFile(path, bytes);
  return loadSafetensors(path);
}

describe('saveSafetensors and loadSafetensors', () => {
  it.each<DType>([
    'float64',
    'float32',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'int16',
    'int8',
    'uint64',
    'uint32',
    'uint16',
    'uint8',
    'bool',
  ])('keep %s', async (dtype) => {
    const values = dtype === 'bool' ? [true, false, true] : [0, 1, 125];
    const t: Tensor<Element> = tensor(values, dtype);
    await saveSafetensors(at('one.safetensors'), {t});
    const {t: read} = await loadSafetensors<Element>(at('one.safetensors'));
    expect(read?.dtype).toBe(dtype);
    expect(read?.array()).toEqual(t.array());
  });

  it('keep shapes, also of scalars and without elements, of views and of constants', async () => {
    const x = ops.arange(24).reshape([2, 3, 4]);
    const tensors = {
      scalar: tensor(7),
      empty: ops.zeros([3, 0, 2]),
      transposed: x.transpose([2, 0, 1]),
      flipped: x.flip(1),
      constant: ops.full([2, 5], 0.25, 'float64'),
      'a name/with:0': tensor([[1]]),
    };
    await saveSafetensors(at('many.safetensors'), tensors);
    const read = await loadSafetensors(at('many.safetensors'));
    expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, t] of Object.entries(tensors)) {
      expect(read[name]?.shape, name).toEqual(t.shape);
      expect(read[name]?.array(), name).toEqual(t.array());
    }
  });

  it('align the data and sort the names', async () => {
    await saveSafetensors(at('order.safetensors'), {
      b: tensor([1, 2, 3], 'uint8'),
      z: tensor([1], 'float64'),
      a: tensor([4], 'uint8'),
      m: tensor([1], 'float32'),
    });
    const bytes = await readFile(at('order.safetensors'));
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, {data_offsets: number[]}>;
    expect(Object.entries(header).map(([name, {data_offsets: offsets}]) => [name, ...offsets])).toEqual([
      ['z', 0, 8],
      ['m', 8, 12],
      ['a', 12, 13],
      ['b', 13, 16],
    ]);
  });

  it('keep metadata', async () => {
    await saveSafetensors(at('meta.safetensors'), {t: tensor([1])}, {metadata: {format: 'pt', note: 'größer'}});
    const {metadata, tensors} = await readSafetensors(at('meta.safetensors'), 'test');
    expect(metadata).toEqual({format: 'pt', note: 'größer'});
    expect(Object.keys(tensors)).toEqual(['t']);
  });

  it('write the values of the moment of the call', async () => {
    const v = new Variable(ops.zeros([1000]));
    const saving = saveSafetensors(at('moment.safetensors'), {v});
    v.assign(ops.ones([1000]));
    await saving;
    const {v: read} = await loadSafetensors(at('moment.safetensors'));
    expect(read?.sum().item()).toBe(0);
    expect(v.sum().item()).toBe(1000);
  });

  it('copy tensors of more than one piece', async () => {
    const t = ops.arange(5_000_001);
    await saveSafetensors(at('large.safetensors'), {t, u: t.cast('uint8')});
    const {t: read} = await loadSafetensors(at('large.safetensors'));
    expect(read?.equal(t).all().item()).toBe(true);
  });

  it('replace a file as a whole, follow links and leave nothing behind on failure', async () => {
    const dir = await mkdtemp(join(folder, 'atomic-'));
    const path = join(dir, 'w.safetensors');
    await saveSafetensors(path, {t: tensor([1])});
    await symlink(path, join(dir, 'link.safetensors'));
    await saveSafetensors(join(dir, 'link.safetensors'), {t: tensor([2])});
    expect((await loadSafetensors(path))['t']?.array()).toEqual([2]);
    const disposed = tensor([1, 2, 3]);
    const saving = saveSafetensors(path, {disposed});
    disposed.dispose();
    await expect(saving).rejects.toThrow('disposed');
    expect((await loadSafetensors(path))['t']?.array()).toEqual([2]);
    expect((await readdir(dir)).sort()).toEqual(['link.safetensors', 'w.safetensors']);
  });

  it.each([
    ['a plain array', {t: [1, 2]}, {}, 'saveSafetensors: "t" must be a tensor, got [1, 2]'],
    ['a reserved name', {__metadata__: tensor([1])}, {}, 'the name "__metadata__" is reserved'],
    ['complex128', {t: tensor([1], 'complex128')}, {}, 'no dtype for complex128'],
    ['metadata that is no text', {t: tensor([1])}, {metadata: {epoch: 3}}, 'metadata must map text to text'],
    ['an unknown option', {t: tensor([1])}, {metdata: {}}, 'did you mean "metadata"?'],
  ])('refuse to save %s', async (_, tensors, options, message) => {
    await expect(saveSafetensors(at('refused.safetensors'), tensors as never, options as never)).rejects.toThrow(
      message,
    );
    await expect(readFile(at('refused.safetensors'))).rejects.toThrow('ENOENT');
  });
});

describe('loadSafetensors refuses', () => {
  const entry = (begin: number, end: number, shape: number[] = [2], dtype = 'F32') =>
    JSON.stringify({dtype, shape, data_offsets: [begin, end]});
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['an empty file', Buffer.alloc(0), 'it has only 0 bytes'],
    ['a header longer than the file', fileOf('{}', 0, 3n), 'its header of 3 bytes does not fit the file of 10'],
    ['a huge header length', fileOf('{}', 0, 2n ** 64n - 1n), 'does not fit the file'],
    ['a header that is no JSON', fileOf('{"t":', 0), 'its header is not JSON'],
    ['a header that is a list', fileOf('[]', 0), 'does not begin with "{"'],
    ['a header that is not UTF-8', Buffer.concat([fileOf('{', 0, 3n), Buffer.from([0xff, 0xff])]), 'is not UTF-8'],
    [
      'an unknown dtype',
      fileOf(`{"t":${entry(0, 2, [2], 'F8_E4M3')}}`, 2),
      'tensor "t" has dtype "F8_E4M3"; known are',
    ],
    ['too few bytes', fileOf(`{"t":${entry(0, 4)}}`, 4), 'needs 8 bytes, its offsets [0, 4] hold 4'],
    ['offsets backwards', fileOf(`{"t":${entry(8, 0)}}`, 8), 'hold -8'],
    ['a file cut short', fileOf(`{"t":${entry(0, 8)}}`, 7), 'take 8 bytes, the file holds 7 (it is cut short)'],
    ['bytes at the end', fileOf(`{"t":${entry(0, 8)}}`, 9), 'take 8 bytes, the file holds 9'],
    ['overlaps', fileOf(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12), 'tensors must not overlap'],
    ['two names for the same bytes', fileOf(`{"a":${entry(0, 8)},"b":${entry(0, 8)}}`, 8), 'must not overlap'],
    ['gaps', fileOf(`{"a":${entry(0, 8)},"b":${entry(9, 17)}}`, 17), 'tensors must not leave gaps'],
    ['a bomb', fileOf(`{"t":${entry(0, 8, [2 ** 40, 2 ** 40])}}`, 8), 'needs'],
    ['a negative size', fileOf(`{"t":${entry(0, 8, [-1, -2])}}`, 8), 'tensor "t": shape.0'],
    ['a size that is not whole', fileOf(`{"t":${entry(0, 8, [0.5, 4])}}`, 8), 'tensor "t": shape.0'],
    ['too many axes', fileOf(`{"t":${entry(0, 4, new Array<number>(13).fill(1))}}`, 4), 'tensor "t": shape'],
    ['a missing field', fileOf('{"t":{"dtype":"F32","shape":[2]}}', 8), 'tensor "t": data_offsets'],
    ['an unknown field', fileOf('{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}', 0), 'tensor "t"'],
    ['a reserved name', fileOf(`{"__proto__":${entry(0, 8)}}`, 8), 'the tensor name "__proto__" is reserved'],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}', 0), '__metadata__ must map text to text'],
    [
      'a name that stands twice',
      fileOf(`{"t":${entry(0, 8)},"u":${entry(8, 16)},"t":${entry(16, 24)}}`, 24),
      'the name "t" stands twice in one object',
    ],
    [
      'a name that stands twice, spelt otherwise',
      fileOf(`{"t":${entry(0, 8)},"\\u0074":${entry(0, 8)}}`, 8),
      'the name "\\u0074" stands twice',
    ],
    [
      'a field that stands twice',
      fileOf('{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":[2]}}', 8),
      'the name "shape" stands twice',
    ],
    ['metadata that stand twice', fileOf('{"__metadata__":{"a":"1","a":"2"}}', 0), 'the name "a" stands twice'],
    ['deep lists', fileOf(`{"t":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 0), 'tensor "t"'],
    ['deep objects', fileOf(`${'{"a":'.repeat(1e5)}0${'}'.repeat(1e5)}`, 0), 'tensor "a"'],
    [
      'a deep shape',
      fileOf(`{"t":{"dtype":"F32","shape":${'['.repeat(1e4)}${']'.repeat(1e4)},"data_offsets":[0,0]}}`, 0),
      'tensor "t": shape.0',
    ],
    [
      'an offset beyond integers',
      fileOf('{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1e300]}}', 1),
      'data_offsets.1',
    ],
    ['a negative offset', fileOf(`{"t":${entry(-8, 0)}}`, 8), 'data_offsets.0'],
    ['three offsets', fileOf('{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', 1), 'data_offsets'],
    ['a size beyond integers', fileOf(`{"t":${entry(0, 8, [2 ** 60])}}`, 8), 'tensor "t": shape.0'],
    [
      'zeros beside huge sizes that overlap',
      fileOf(`{"a":${entry(0, 0, [0, 2 ** 52])},"b":${entry(4, 12)}}`, 12),
      'must not leave gaps',
    ],
    ['offsets of other bytes', fileOf(`{"t":${entry(2 ** 40, 2 ** 40 + 8)}}`, 8), 'begins at byte 1099511627776'],
    ['a text for a shape', fileOf('{"t":{"dtype":"F32","shape":"2","data_offsets":[0,8]}}', 8), 'tensor "t": shape'],
    ['null for a tensor', fileOf('{"t":null}', 0), 'tensor "t"'],
    ['numbers for a tensor', fileOf('{"t":3}', 0), 'tensor "t"'],
    ['NaN in the header', fileOf('{"t":NaN}', 0), 'its header is not JSON'],
    ['a header with something behind it', fileOf('{} {}', 0), 'its header is not JSON'],
    ['a header that begins with a space', fileOf(' {}', 0), 'does not begin with "{"'],
    ['a header with a byte order mark', fileOf('\ufeff{}', 0), 'does not begin with "{"'],
    ['metadata in a list', fileOf('{"__metadata__":[]}', 0), '__metadata__ must map text to text'],
    ['a boolean that is none', fileOfBytes(`{"t":${entry(0, 2, [2], 'BOOL')}}`, [0, 7]), 'holds the byte 7'],
  ];
  it.each(cases)('%s', async (_, bytes, message) => {
    const loading = loadBytes(bytes);
    await expect(loading).rejects.toThrow(FileFormatError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(/^loadSafetensors: .*case\.safetensors/);
  });

  it('nothing of what is odd and allowed', async () => {
    const f32 = Buffer.from(new Float32Array([1.5, -2]).buffer);
    const unaligned = Buffer.concat([
      fileOf(`{"b":${entry(1, 9)},"a":${entry(0, 1, [1], 'U8')},"none":${entry(9, 9, [0, 7])}}   `, 0),
      Buffer.from([7]),
      f32,
    ]);
    const {a, b, none} = await loadBytes(unaligned);
    expect([a?.array(), b?.array(), none?.shape]).toEqual([[7], [1.5, -2], [0, 7]]);
    expect(await loadBytes(fileOf('{}', 0))).toEqual({});
    const names = await loadBytes(fileOf(`{"":${entry(0, 8)},"a\\"b:{":${entry(8, 16)}}`, 16));
    expect(Object.keys(names)).toEqual(['', 'a"b:{']);
  });

  it('a folder and a path without a file', async () => {
    await expect(loadSafetensors(folder)).rejects.toThrow('is not a file');
    await expect(loadSafetensors(at('none.safetensors'))).rejects.toThrow('ENOENT');
  });

  it('every damaged byte of a header, or reads the same sizes', async () => {
    await saveSafetensors(at('good.safetensors'), {kernel: ops.ones([2, 3]), bias: ops.zeros([3])});
    const good = await readFile(at('good.safetensors'));
    const headerEnd = good.length - 36;
    for (let i = 0; i < headerEnd; i++) {
      const bad = Uint8Array.from(good);
      bad[i] = (bad[i] ?? 0) ^ 0x15;
      const read = await loadBytes(bad).catch((error: unknown) => error);
      if (read instanceof Error) expect(read).toBeInstanceOf(FileFormatError);
      else expect(Object.values(read as Record<string, Tensor>).reduce((n, t) => n + t.size, 0)).toBe(9);
    }
  });
});

function fileOfBytes(header: string, data: readonly number[]): Buffer {
  return Buffer.concat([fileOf(header, 0), Buffer.from(data)]);
}
