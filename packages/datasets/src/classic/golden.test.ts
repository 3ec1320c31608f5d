import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {isTensor, ops, saveNpz} from '@keratin/core';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {bostonHousing} from './boston-housing.js';
import {californiaHousing} from './california-housing.js';
import {imdb} from './imdb.js';
import {mnist} from './mnist.js';
import {reuters} from './reuters.js';

// What Keras's loaders give for small files of the same formats.

const folder = mkdtempSync(join(tmpdir(), 'keratin-'));
vi.mock('./published.js', () => ({
  KERAS_DATA: '',
  publishedFile: ({dataset}: {readonly dataset: string}) => Promise.resolve(join(folder, `${dataset}.npz`)),
}));

interface Case {
  readonly dataset: 'imdb' | 'reuters' | 'boston_housing' | 'california_housing';
  readonly options: Readonly<Record<string, never>>;
  readonly train: readonly unknown[];
  readonly test: readonly unknown[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/classic-datasets.json', import.meta.url), 'utf8'),
) as {readonly files: Readonly<Record<string, string>>; readonly cases: readonly Case[]};

beforeAll(() => {
  for (const [name, content] of Object.entries(golden.files)) {
    writeFileSync(join(folder, `${name}.npz`), Buffer.from(content, 'base64'));
  }
});
afterAll(() => rmSync(folder, {recursive: true}));

const LOADERS = {
  imdb,
  reuters,
  boston_housing: bostonHousing,
  california_housing: californiaHousing,
};
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const values = (part: readonly unknown[]): unknown[] => part.map((x) => (isTensor(x) ? x.array() : x));

describe('gives what Keras gives for the same file', () => {
  test.each(golden.cases.map((one) => [`${one.dataset} ${JSON.stringify(one.options)}`, one] as const))(
    '%s',
    async (_, {dataset, options, train, test: rest}) => {
      const own = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
      const data = await LOADERS[dataset].loadData(own);
      expect(values(data.train)).toEqual(train);
      expect(values(data.test)).toEqual(rest);
      expect(data[0]).toBe(data.train);
    },
  );
});

test('MNIST from the file that Keras has', async () => {
  const image = (count: number) =>
    ops
      .arange(count * 4)
      .reshape([count, 2, 2])
      .cast('uint8');
  const labels = (count: number) => ops.arange(count).cast('uint8');
  const path = join(folder, 'mnist.npz');
  await saveNpz(path, {x_train: image(3), y_train: labels(3), x_test: image(2), y_test: labels(2)});
  const {train, test: rest} = await mnist.loadData({path: 'mnist.npz'});
  expect([train[0].shape, train[1].array(), rest[0].shape, rest[0].dtype]).toEqual([
    [3, 2, 2],
    [0, 1, 2],
    [2, 2, 2],
    'uint8',
  ]);
  await saveNpz(path, {x: image(3)});
  await expect(mnist.loadData({path: 'mnist.npz'})).rejects.toThrow(
    /must have arrays x_train, y_train, x_test and y_test/,
  );
});

describe('mistakes, a sentence each', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['imdb.loadData: numWords must be an integer of at least 0 or null, got -1', () => imdb.loadData({numWords: -1})],
    ['imdb.loadData: skipTop must be an integer of at least 0, got 1.5', () => imdb.loadData({skipTop: 1.5})],
    [
      'imdb.loadData: unknown option "num_words"; here it is called "numWords"',
      () => imdb.loadData({num_words: 3} as object),
    ],
    ['imdb.loadData: no review is shorter than maxlen = 1; increase maxlen', () => imdb.loadData({maxlen: 1})],
    ['reuters.loadData: testSplit must be at least 0 and below 1, got 1', () => reuters.loadData({testSplit: 1})],
    [
      'bostonHousing.loadData: testSplit must be at least 0 and below 1, got -0.1',
      () => bostonHousing.loadData({testSplit: -0.1}),
    ],
    [
      `californiaHousing.loadData: version must be one of 'large', 'small', got "medium"`,
      // @ts-expect-error a choice that is none
      () => californiaHousing.loadData({version: 'medium'}),
    ],
    [
      'bostonHousing.loadData: seed must be an integer from 0 to 4294967295, got -1',
      () => bostonHousing.loadData({seed: -1}),
    ],
  ])('%s', async (message, fn) => {
    await expect(fn()).rejects.toThrow(message);
  });
});

test('the topics of Reuters have their names', () => {
  expect(reuters.getLabelNames()).toHaveLength(46);
  expect(reuters.getLabelNames()[3]).toBe('earn');
});
