import {mkdtemp, open, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {
  FileFormatError,
  loadNpy,
  loadNpz,
  random,
  saveNpy,
  saveNpz,
  tensor,
  type Tensor,
  ValueError,
} from '../index.js';
import {ZipReader} from './zip.js';
import {ZipWriter} from './zip-writer.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-zip-'));
});
afterAll(() => rm(folder, {recursive: true}));
const at = (name: string) => join(folder, name);

/** A file in memory whose long runs of zeros take none. */
class SparseFile {
  size = 0;
  readonly #parts: {readonly at: number; readonly bytes: Uint8Array}[] = [];

  readonly write = (bytes: Uint8Array): Promise<void> => {
    if (bytes !== ZEROS) this.#parts.push({at: this.size, bytes: Uint8Array.from(bytes)});
    this.size += bytes.length;
    return Promise.resolve();
  };

  readonly read = ((target: Uint8Array, offset: number, length: number, position: number) => {
    target.fill(0, offset, offset + length);
    for (const part of this.#parts) {
      const from = Math.max(part.at, position);
      const to = Math.min(part.at + part.bytes.length, position + length);
      if (from < to) target.set(part.bytes.subarray(from - part.at, to - part.at), offset + from - position);
    }
    return Promise.resolve({bytesRead: Math.min(length, this.size - position), buffer: target});
  }) as Parameters<typeof ZipReader.open>[0]['read'];
}

const ZEROS = new Uint8Array(16 << 20);
const zeros = (pieces: number) =>
  function* (): Generator<Uint8Array> {
    for (let i = 0; i < pieces; i++) yield ZEROS;
  };

describe('archives of more than 4 GB', () => {
  const pieces = 257;
  const large = pieces * ZEROS.length;

  it('have ZIP64 sizes and offsets, are not held in memory, and are read back', async () => {
    const file = new SparseFile();
    const zip = new ZipWriter(file.write);
    await zip.addPieces('large.bin', large, zeros(pieces), {compressed: false});
    await zip.add('after.txt', Buffer.from('behind 4 GB'), {compressed: false});
    await zip.add('packed.txt', Buffer.from('behind 4 GB, packed'), {compressed: true});
    await zip.end();
    expect(file.size).toBeGreaterThan(2 ** 32);
    const reader = await ZipReader.open(file, file.size, 'test');
    expect(reader.entries.map(({name, size}) => [name, size])).toEqual([
      ['large.bin', large],
      ['after.txt', 11],
      ['packed.txt', 19],
    ]);
    const [first, second, third] = reader.entries;
    if (first === undefined || second === undefined || third === undefined) throw new Error('entries are missing');
    expect(first.compressedSize).toBe(large);
    expect(second.headerOffset).toBeGreaterThan(2 ** 32);
    expect((await reader.read(second)).toString()).toBe('behind 4 GB');
    expect((await reader.read(third)).toString()).toBe('behind 4 GB, packed');
    let bytes = 0;
    // Reading all of it would take as long again.
    for await (const piece of reader.pieces(first)) {
      bytes += piece.length;
      if (bytes > 2 ** 26) break;
    }
    expect(bytes).toBeGreaterThan(2 ** 26);
  }, 240_000);

  it('also where only the number of entries is large', async () => {
    const file = new SparseFile();
    const zip = new ZipWriter(file.write);
    for (let i = 0; i < 65_600; i++) await zip.add(String(i), new Uint8Array(0), {compressed: false});
    await zip.end();
    const {entries} = await ZipReader.open(file, file.size, 'test').catch(() => ({entries: []}));
    expect(entries).toHaveLength(65_600);
  }, 240_000);
});

describe('pieces', () => {
  it.each([false, true])('larger than one are written and read in order (compressed: %s)', async (compressed) => {
    const x = random.randint([4_300_001], 0, 2, {seed: 1, dtype: 'int32'});
    await saveNpz(at('x.npz'), {x, y: x.cast('uint8')}, {compressed});
    const {x: read, y} = await loadNpz(at('x.npz'));
    expect(read?.equal(x).all().item()).toBe(true);
    expect(y?.cast('int32').equal(x).all().item()).toBe(true);
  });

  it('of npy files too, in any order of bytes and axes', async () => {
    const x: Tensor = random.normal([3, 1_500_001], {seed: 2});
    await saveNpy(at('x.npy'), x);
    expect((await loadNpy(at('x.npy'))).equal(x).all().item()).toBe(true);
    // Big-endian, columns first.
    const values = Buffer.from((x.transpose().data() as Float32Array).buffer);
    const text = "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 1500001), }".padEnd(117) + '\n';
    const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([118, 0]), Buffer.from(text)]);
    await writeFile(at('b.npy'), Buffer.concat([head, values.swap32()]));
    expect((await loadNpy(at('b.npy'))).equal(x).all().item()).toBe(true);
  });

  it('must be as many bytes as was said', async () => {
    const zip = new ZipWriter(() => Promise.resolve());
    for (const compressed of [false, true]) {
      const adding = zip.addPieces('x', 3, () => [new Uint8Array(2)], {compressed});
      await expect(adding).rejects.toThrow(ValueError);
      await expect(adding).rejects.toThrow('x was to have 3 bytes, 2 were given');
    }
    await expect(zip.add('n'.repeat(70_000), new Uint8Array(1), {compressed: false})).rejects.toThrow('70000 bytes');
  });
});

describe('archives that lie', () => {
  const archive = async (change: (bytes: Buffer) => void, compressed: boolean): Promise<void> => {
    const parts: Uint8Array[] = [];
    const zip = new ZipWriter((bytes) => {
      parts.push(Uint8Array.from(bytes));
      return Promise.resolve();
    });
    await zip.add('x.npy', new Uint8Array(1000), {compressed});
    await zip.end();
    const bytes = Buffer.concat(parts);
    change(bytes);
    await writeFile(at('bad.zip'), bytes);
    const file = await open(at('bad.zip'));
    try {
      const reader = await ZipReader.open(file, bytes.length, 'test');
      for (const entry of reader.entries) await reader.read(entry);
    } finally {
      await file.close();
    }
  };
  const inDirectory = (bytes: Buffer, field: number, value: number) => {
    bytes.writeUInt32LE(value, bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + field);
  };

  it.each<[string, (bytes: Buffer) => void, boolean, string]>([
    ['a bomb', (b) => inDirectory(b, 24, 0x7fffffff), true, 'cannot hold 2147483647 bytes'],
    ['a smaller size', (b) => inDirectory(b, 24, 900), true, 'holds more bytes, the directory says 900'],
    ['a larger size', (b) => inDirectory(b, 24, 1100), true, 'holds 1000 bytes, the directory says 1100'],
    ['two sizes of what is stored', (b) => inDirectory(b, 24, 900), false, 'the sizes of "x.npy" differ'],
    ['an offset outside', (b) => inDirectory(b, 42, 0x7fffffff), true, 'it points to bytes'],
    ['an offset elsewhere', (b) => inDirectory(b, 42, 3), true, 'has no header where it should be'],
    ['a checksum', (b) => inDirectory(b, 16, 1), true, 'is damaged'],
    ['ZIP64 without its field', (b) => inDirectory(b, 24, 0xffffffff), true, 'a ZIP64 size is missing'],
    [
      'an encrypted entry',
      (b) => b.writeUInt16LE(1, b.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 8),
      true,
      'is encrypted',
    ],
    [
      'another method',
      (b) => b.writeUInt16LE(93, b.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 10),
      true,
      'method 93',
    ],
  ])('%s', async (_, change, compressed, message) => {
    const loading = archive(change, compressed);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(FileFormatError);
  });

  it('names that stand twice', async () => {
    const file = await open(at('twice.npz'), 'w');
    const zip = new ZipWriter(async (bytes) => {
      await file.write(bytes);
    });
    for (const compressed of [true, false]) await zip.add('x.npy', new Uint8Array(3), {compressed});
    await zip.end();
    await file.close();
    await expect(loadNpz(at('twice.npz'))).rejects.toThrow('two entries are named "x.npy"');
    await saveNpz(at('none.npz'), {});
    expect(await loadNpz(at('none.npz'))).toEqual({});
    await expect(saveNpz(at('p.npz'), Object.fromEntries([['__proto__', tensor(1)]]))).rejects.toThrow('"__proto__"');
  });
});
