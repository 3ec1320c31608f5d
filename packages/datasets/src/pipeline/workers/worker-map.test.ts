import {fileURLToPath} from 'node:url';
import {PipelineError, type Tensor, tensor} from '@keratin/core';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {Dataset} from '../dataset.js';
import {pack, unpack} from './parcel.js';

beforeAll(() => {
  // Threads run on the packages' sources, as the tests do.
  vi.stubEnv('TSX_TSCONFIG_PATH', fileURLToPath(new URL('../../../../../tsconfig.test.json', import.meta.url)));
});
afterAll(() => vi.unstubAllEnvs());

const module = new URL('./testing/map-module.ts', import.meta.url);

describe('map in worker threads', () => {
  test('gives what map gives, in order, pass after pass, and goes on from a position', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    const source = Dataset.fromTensorSlices({x, name: ['a', 'b', 'c', 'd', 'e']}).repeat(3);
    const fn = async ({x: row, name}: {x: Tensor; name: Tensor<string>}, index: number) => {
      // The first ones take longest.
      await new Promise((resolve) => setTimeout(resolve, index === 0 ? 60 : 0));
      return {sum: row.sum(), name, index, thread: process.getBuiltinModule('node:worker_threads').threadId};
    };
    const dataset = source.map(fn, {workers: 2});
    const plain = async (data: AsyncIterable<{sum: Tensor; name: Tensor<string>; index: number}>) => {
      const list: unknown[] = [];
      for await (const {sum, name, index} of data) list.push([sum.item(), name.item(), index]);
      return list;
    };
    const expected = await plain(source.map(fn));
    expect(await plain(dataset)).toEqual(expected);
    expect(await plain(dataset)).toEqual(expected);
    expect(expected).toHaveLength(15);
    const threads = new Set((await dataset.toArray()).map(({thread}) => thread));
    expect(threads.size).toBe(2);
    expect(threads.has(0)).toBe(false);
    const iterator = dataset.iterator();
    for (let i = 0; i < 4; i++) await iterator.getNext();
    const state = iterator.save();
    await iterator.close();
    expect(await plain(dataset.iterator({from: state}))).toEqual(expected.slice(4));
  });

  test('a module: its default export, or another one', async () => {
    const numbers = Dataset.range(4);
    const named = numbers.map<number>(module, {workers: 1, exportName: 'negative'});
    expect(await named.toArray()).toEqual([-0, -1, -2, -3]);
    await expect(numbers.map(module, {workers: 1, exportName: 'none'}).toArray()).rejects.toThrow(
      /^Dataset\.map: element 0: .*map-module\.ts exports no function "none"/,
    );
  });

  test('failures surface soon, with the element, also of a thread that ends', async () => {
    const failing = Dataset.range(100).map(
      async (x: Tensor) => {
        if (x.item() === 3) throw new TypeError('no');
        // Whatever comes before: the failure does not wait for it.
        if (x.item() === 0) await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
        return x.item();
      },
      {workers: 2},
    );
    const warm = failing.skip(5).take(2);
    await warm.toArray();
    const error: unknown = await failing.toArray().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineError);
    expect(error).toMatchObject({message: 'Dataset.map: element 3: no', cause: {name: 'TypeError'}});
    const ending = Dataset.range(3).map(() => process.exit(7), {workers: 1});
    await expect(ending.toArray()).rejects.toThrow('Dataset.map: element 0: the worker thread ended (exit code 7)');
  });
});

describe('mistakes, a sentence each', () => {
  const numbers = Dataset.range(3);
  const scale = 2;
  test.each<[string, () => unknown]>([
    [
      'Dataset.map: the function for worker threads uses "scale" from around it, which they do not have; define it inside, import() it inside, or give the URL of a module',
      () => numbers.map((x) => x.mul(scale), {workers: 2}),
    ],
    ['Dataset.map: a module is for worker threads; give their number: {workers: 2}', () => numbers.map(module, {})],
    [
      'Dataset.map: exportName belongs to the URL of a module, with workers',
      () => numbers.map((x) => x, {exportName: 'a'}),
    ],
    ['Dataset.map: workers must be an integer of at least 0, got -1', () => numbers.map((x) => x, {workers: -1})],
    [
      'Dataset.map: a function or the URL of a module is needed, got "augment.js"',
      () => numbers.map('augment.js' as never, {workers: 1}),
    ],
    ['has no source text that worker threads could run', () => numbers.map(Math.abs as never, {workers: 1})],
    [
      'Dataset.map: unknown option "numWorkers"; here it is called "workers"',
      () => numbers.map((x) => x, {numWorkers: 2} as object),
    ],
  ])('%s', (message, fn) => {
    expect(fn).toThrow(message);
  });
});

test('what cannot be sent is refused', () => {
  expect(() => pack('test', {fn: () => 1})).toThrow('test: function fn cannot be sent to another thread');
});

test('elements survive the way to another thread', () => {
  const element = {
    list: [tensor([1.5, 2], 'float16'), tensor([true, false]), tensor(['a', 'ä'])],
    big: tensor([2n ** 60n]),
    scalar: tensor(3, 'int32'),
    plain: ['x', 1n, null, undefined, new Uint8Array([1])],
  };
  const {content} = pack('test', element);
  const back = unpack(structuredClone(content)) as typeof element;
  expect(back.list.map((t) => [t.dtype, t.shape, t.array()])).toEqual(
    element.list.map((t) => [t.dtype, t.shape, t.array()]),
  );
  expect([back.big.item(), back.scalar.item(), back.scalar.dtype]).toEqual([2n ** 60n, 3, 'int32']);
  expect(back.plain).toEqual(element.plain);
});
