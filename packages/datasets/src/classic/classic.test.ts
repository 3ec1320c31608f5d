import {mkdtempSync, rmSync, writeFileSync, mkdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'fflate';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {fashionMnist} from './fashion-mnist.js';
import {mnist} from './mnist.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'keratin-'));
  vi.stubEnv('KERATIN_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(home, {recursive: true});
});

const idx = (shape: number[], value: (i: number) => number) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return Uint8Array.from([
    ...[0, 0, 8, shape.length],
    ...shape.flatMap((n) => [0, 0, n >>> 8, n & 255]),
    ...Array.from({length: size}, (_, i) => value(i) & 255),
  ]);
};

function fill(dataset: string) {
  const folder = join(home, 'datasets', dataset);
  mkdirSync(folder, {recursive: true});
  writeFileSync(
    join(folder, 'train-images-idx3-ubyte'),
    idx([3, 28, 28], (i) => i),
  );
  writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(idx([3], (i) => i)));
  writeFileSync(
    join(folder, 't10k-images-idx3-ubyte'),
    idx([2, 28, 28], (i) => i + 1),
  );
  writeFileSync(
    join(folder, 't10k-labels-idx1-ubyte'),
    idx([2], (i) => i + 1),
  );
}

test('the real MNIST has its sizes and its first labels', async () => {
  const {
    train: [x, y],
    test: [xt, yt],
  } = await mnist.loadData();
  expect([x.shape, y.shape, xt.shape, yt.shape]).toEqual([[60000, 28, 28], [60000], [10000, 28, 28], [10000]]);
  expect(x.dtype).toBe('uint8');
  expect(y.array(1).slice(0, 10)).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect(yt.array(1).slice(0, 10)).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
});

test('the cache folder comes first, plain or compressed, and both forms destructure', async () => {
  fill('fashion-mnist');
  const data = await fashionMnist.loadData();
  const [[x, y], [xt]] = data;
  expect([x.shape, y.array(), xt.shape]).toEqual([
    [3, 28, 28],
    [0, 1, 2],
    [2, 28, 28],
  ]);
  expect(data.train[0]).toBe(x);
});

test('a damaged file names itself', async () => {
  fill('fashion-mnist');
  writeFileSync(join(home, 'datasets', 'fashion-mnist', 'train-labels-idx1-ubyte.gz'), 'no gzip');
  await expect(fashionMnist.loadData()).rejects.toThrow(/train-labels-idx1-ubyte\.gz: the gzip file is damaged/);
});
