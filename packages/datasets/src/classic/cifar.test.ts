import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {pack} from 'tar-stream';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {serveFiles} from '../testing/file-server.js';
import {filesIn, readBatches} from './cifar.js';
import {publishedFile} from './published.js';

// A batch as Python 2 pickled those that are published: text as bytes, images by channels.

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keratin-'));
  vi.stubEnv('KERATIN_HOME', home);
  vi.stubEnv('KERAS_HOME', join(home, 'keras'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, {recursive: true});
});

const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from([0x55, value.length]), Buffer.from(value, 'latin1')]);
const int = (value: number): Buffer => Buffer.from([0x4b, value]);

function batch(labels: readonly number[], key = 'labels'): Buffer {
  const pixels = Buffer.from(
    Uint8Array.from({length: labels.length * 3072}, (_, i) => (i * 3 + (labels[0] ?? 0)) & 255),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(pixels.length);
  return Buffer.concat([
    Buffer.from('\x80\x02}(', 'latin1'),
    text(key),
    Buffer.from(']('),
    ...labels.map(int),
    Buffer.from('e'),
    text('data'),
    Buffer.from('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85', 'latin1'),
    text('b'),
    Buffer.from('\x87R(K\x01', 'latin1'),
    int(labels.length),
    Buffer.from('M\x00\x0c\x86cnumpy\ndtype\n', 'latin1'),
    text('u1'),
    Buffer.from('K\x00K\x01\x87R(K\x03', 'latin1'),
    text('|'),
    Buffer.from('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T', 'latin1'),
    size,
    pixels,
    Buffer.from('tbu.'),
  ]);
}

async function archive(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const all = pack();
  for (const [name, bytes] of Object.entries(files)) all.entry({name}, bytes);
  all.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of all as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}

test('batches in an archive become images with channels last', async () => {
  const path = join(home, 'c.tar.gz');
  writeFileSync(path, await archive({'b/one': batch([3, 250]), 'b/readme': Buffer.from('x'), 'b/two': batch([7])}));
  const names = ['b/one', 'b/two'];
  const [x, y] = readBatches(await filesIn(path, names), names, 'labels');
  expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[3, 32, 32, 3], 'uint8', [3, 1], 'uint8']);
  expect(y.array()).toEqual([[3], [250], [7]]);
  // Pixel 5 of row 2, by channels.
  const at = (channel: number): number => ((channel * 1024 + 2 * 32 + 5) * 3 + 3) & 255;
  expect(x.at(0, 2, 5).array()).toEqual([at(0), at(1), at(2)]);
  await expect(filesIn(path, ['b/three'])).rejects.toThrow(/there is no file b\/three in it/);
});

test('a batch that is something else names itself', async () => {
  const file = (bytes: Buffer) => new Map([['b', bytes]]);
  expect(() => readBatches(file(batch([1], 'fine_labels')), ['b'], 'labels')).toThrow(
    'b: it has no labels "labels" from 0 to 255',
  );
  expect(() => readBatches(file(Buffer.from('\x80\x02K\x01.', 'latin1')), ['b'], 'labels')).toThrow(
    'b: a dictionary is needed',
  );
  writeFileSync(join(home, 'c.tar.gz'), 'no archive at all');
  await expect(filesIn(join(home, 'c.tar.gz'), ['b'])).rejects.toThrow(/c\.tar\.gz/);
});

test("files are found in Keras's cache, downloaded else, and named where there is no network", async () => {
  const content = Buffer.from('content');
  const server = await serveFiles({'toy.bin': content});
  const file = {
    dataset: 'toy',
    name: 'toy.bin',
    url: `${server.url}toy.bin`,
    hash: createHash('sha256').update(content).digest('hex'),
  };
  const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
  mkdirSync(join(home, 'keras', 'datasets'), {recursive: true});
  writeFileSync(join(home, 'keras', 'datasets', 'toy.bin'), content);
  expect(await publishedFile(file)).toBe(join(home, 'keras', 'datasets', 'toy.bin'));
  writeFileSync(join(home, 'keras', 'datasets', 'toy.bin'), 'damaged');
  expect(await publishedFile(file)).toBe(join(home, 'datasets', 'toy.bin'));
  expect(log.mock.calls).toEqual([[`Downloading data from ${server.url}toy.bin`]]);
  await server.close();
  const own = join(home, 'datasets', 'other.bin');
  await expect(publishedFile(file, 'other.bin')).rejects.toThrow(
    new RegExp(
      `^toy: other\\.bin is neither at ${own} nor at .*, and getFile: .* cannot be downloaded .*; put the file at ${own}`,
    ),
  );
  log.mockRestore();
});
