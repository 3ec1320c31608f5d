import {EndOfSequenceError, PipelineError, tensor} from '@keratin/core';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {Dataset} from './dataset.js';

// Pipelines of random stages against the same on plain arrays.

interface Step {
  readonly name: string;
  readonly dataset: (dataset: Dataset<number>) => Dataset<number>;
  readonly list: (list: readonly number[]) => readonly number[];
}

const small = fc.integer({min: 0, max: 6});
const step: fc.Arbitrary<Step> = fc.oneof(
  small.map((n) => ({
    name: `take(${String(n)})`,
    dataset: (d: Dataset<number>) => d.take(n),
    list: (l: readonly number[]) => l.slice(0, n),
  })),
  small.map((n) => ({
    name: `skip(${String(n)})`,
    dataset: (d: Dataset<number>) => d.skip(n),
    list: (l: readonly number[]) => l.slice(n),
  })),
  fc.integer({min: 0, max: 3}).map((n) => ({
    name: `repeat(${String(n)})`,
    dataset: (d: Dataset<number>) => d.repeat(n),
    list: (l: readonly number[]) => Array.from({length: n}, () => l).flat(),
  })),
  small.map((n) => ({
    name: `map(+${String(n)})`,
    dataset: (d: Dataset<number>) => d.map((x: number) => x + n),
    list: (l: readonly number[]) => l.map((x) => x + n),
  })),
  small.map((n) => ({
    name: `async map(+${String(n)})`,
    dataset: (d: Dataset<number>) => d.map(async (x: number) => Promise.resolve(x + n), {numParallelCalls: n + 1}),
    list: (l: readonly number[]) => l.map((x) => x + n),
  })),
  fc.constant({
    name: 'filter',
    dataset: (d: Dataset<number>) => d.filter((x) => x % 2 === 0),
    list: (l: readonly number[]) => l.filter((x) => x % 2 === 0),
  }),
  fc.tuple(fc.integer({min: 1, max: 3}), fc.nat({max: 2})).map(([n, i]) => ({
    name: `shard(${String(n)}, ${String(i % n)})`,
    dataset: (d: Dataset<number>) => d.shard(n, i % n),
    list: (l: readonly number[]) => l.filter((_, at) => at % n === i % n),
  })),
  small.map((n) => ({
    name: `prefetch(${String(n)})`,
    dataset: (d: Dataset<number>) => d.prefetch(n),
    list: (l: readonly number[]) => l,
  })),
  fc.constant({
    name: 'concatenate',
    dataset: (d: Dataset<number>) => d.concatenate(d),
    list: (l: readonly number[]) => [...l, ...l],
  }),
  fc.constant({name: 'cache', dataset: (d: Dataset<number>) => d.cache(), list: (l: readonly number[]) => l}),
  fc.constant({
    name: 'flatMap',
    dataset: (d: Dataset<number>) => d.flatMap((x) => Dataset.fromGenerator(() => [x, x])),
    list: (l: readonly number[]) => l.flatMap((x) => [x, x]),
  }),
  fc.integer({min: 1, max: 4}).map((n) => ({
    name: `window(${String(n)})`,
    dataset: (d: Dataset<number>) => d.window(n, {shift: 1, dropRemainder: true}).flatMap((w) => w),
    list: (l: readonly number[]) => l.flatMap((_, at) => (at + n <= l.length ? l.slice(at, at + n) : [])),
  })),
);

test('pipelines do what lists do; sizes that are known are right; positions go on', async () => {
  const cases = fc.asyncProperty(
    fc.nat({max: 9}),
    fc.array(step, {maxLength: 5}),
    fc.nat({max: 12}),
    async (n, steps, at) => {
      const source = Array.from({length: n}, (_, i) => i);
      const build = () =>
        steps.reduce<Dataset<number>>(
          (d, {dataset}) => dataset(d),
          Dataset.fromGenerator(() => source),
        );
      const expected = steps.reduce<readonly number[]>((l, {list}) => list(l), source);
      fc.pre(expected.length < 2000);
      const dataset = build();
      expect(await dataset.toArray()).toEqual(expected);
      expect(await dataset.toArray()).toEqual(expected);
      const size = dataset.cardinality();
      if (size >= 0) expect(size).toBe(expected.length);
      const iterator = dataset.iterator();
      for (let i = 0; i < Math.min(at, expected.length); i++) await iterator.getNext();
      const rest: number[] = [];
      for await (const x of build().iterator({from: iterator.save()})) rest.push(x);
      expect(rest).toEqual(expected.slice(at));
    },
  );
  await fc.assert(cases, {numRuns: 150});
});

describe('mistakes, a sentence each', () => {
  const ds = Dataset.range(3);
  test.each<[string, () => unknown]>([
    ['Dataset.batch: batchSize must be a positive integer, got 0', () => ds.batch(0)],
    [
      'Dataset.batch: unknown option "drop_remainder"; here it is called "dropRemainder"',
      () => ds.batch(1, {drop_remainder: true} as object),
    ],
    ['Dataset.take: count must be an integer of at least -1, got 1.5', () => ds.take(1.5)],
    ['Dataset.shuffle: bufferSize must be a positive integer, got 0', () => ds.shuffle(0)],
    ['Dataset.shuffle: seed must be an integer of at least 0, got -1', () => ds.shuffle(1, {seed: -1})],
    ['Dataset.shard: index must be below numShards = 2, got 2', () => ds.shard(2, 2)],
    ['Dataset.range: step must not be 0', () => Dataset.range(0, 3, 0)],
    [
      'Dataset.fromTensorSlices: arrays must have the same number of rows, got [0] (2,) and [1] (3,)',
      () => Dataset.fromTensorSlices([tensor([1, 2]), tensor([1, 2, 3])]),
    ],
    ['Dataset.zip: at least one Dataset is needed, got none', () => Dataset.zip([])],
    ['Dataset.length: the dataset is infinite', () => ds.repeat().length],
    ['Dataset.iterator: from belongs to another pipeline', () => ds.iterator({from: ds.take(1).iterator().save()})],
  ])('%s', (message, fn) => {
    expect(fn).toThrow(message);
  });

  test('while iterating: the stage and the element, with the cause', async () => {
    const cause = new TypeError('no');
    const failing = Dataset.range(5).map((x) => {
      if (x.item() === 3) throw cause;
      return x;
    });
    const error: unknown = await failing
      .batch(2)
      .toArray()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineError);
    expect(error).toMatchObject({message: 'Dataset.map: element 3: no', cause});
    await expect(
      Dataset.fromGenerator(() => [tensor([1]), tensor([1, 2])])
        .batch(2)
        .toArray(),
    ).rejects.toThrow(
      'Dataset.batch: elements must have one shape, the first has (1,) and element 1 of the batch (2,); paddedBatch takes different sizes',
    );
    await expect(ds.flatMap(() => [1] as never).toArray()).rejects.toThrow(/flatMap: .*must give a Dataset, got \[1\]/);
  });

  test('after the end getNext says so; a generator that is left is closed', async () => {
    const iterator = Dataset.range(1).iterator();
    await iterator.getNext();
    await expect(iterator.getNext()).rejects.toThrow(EndOfSequenceError);
    let closed = 0;
    const endless = Dataset.fromGenerator(async function* () {
      try {
        for (;;) yield await Promise.resolve(1);
      } finally {
        closed += 1;
      }
    });
    for await (const x of endless.prefetch(3).map((y) => y)) if (x === 1) break;
    expect(closed).toBe(1);
  });

  test('requests that were not waited for come in order', async () => {
    const iterator = Dataset.range(4)
      .map(async (x) => Promise.resolve(x.item()))
      .iterator();
    expect(await Promise.all([iterator.getNext(), iterator.getNext(), iterator.getNext()])).toEqual([0, 1, 2]);
  });
});
