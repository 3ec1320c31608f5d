import {isTensor, RaggedTensor, tensor} from '@keratin/core';
import {expect, test} from 'vitest';
import {Dataset} from './dataset.js';

// Of every stage: wherever a pass is left, another dataset of the same making goes on exactly there; positions are JSON.

const numbers = () => Dataset.range(11);
const other = () => Dataset.fromGenerator(() => [100, 200, 300]);
const rows = () => Dataset.fromGenerator(() => [[1], [2, 3], [4, 5, 6], [7], [8, 9]].map((row) => tensor(row)));

const PIPELINES: Readonly<Record<string, () => Dataset<unknown>>> = {
  batch: () => numbers().batch(3),
  'batch of maps': () =>
    numbers()
      .map((x) => x.mul(2))
      .batch(3, {dropRemainder: true}),
  bucketBySequenceLength: () => rows().bucketBySequenceLength((x) => x.length, [2, 3], [2, 1, 1]),
  'cache of shuffle': () => numbers().shuffle(4, {seed: 5}).cache().repeat(2),
  chooseFromDatasets: () =>
    Dataset.chooseFromDatasets<unknown>(
      [numbers(), other()],
      Dataset.fromTensorSlices(tensor([0, 1, 0, 0, 1], 'int32')),
    ),
  concatenate: () => numbers().concatenate(Dataset.range(3).shuffle(3, {seed: 2})),
  enumerate: () => numbers().enumerate(5),
  filter: () => numbers().filter((x) => x.item() % 3 !== 0),
  flatMap: () => numbers().flatMap((x) => Dataset.range(x.item() % 4)),
  groupByWindow: () =>
    numbers().groupByWindow(
      (x) => x.item() % 2,
      (_, group) => group.batch(2),
      2,
    ),
  interleave: () => numbers().interleave((x) => Dataset.range(x.item() % 4), {cycleLength: 3, blockLength: 2}),
  'map, several calls': () => numbers().map(async (x) => Promise.resolve(x.item() + 1), {numParallelCalls: 3}),
  paddedBatch: () => rows().paddedBatch(2),
  'prefetch of shuffle': () => numbers().shuffle(4, {seed: 1}).prefetch(3),
  raggedBatch: () => rows().raggedBatch(2),
  random: () => Dataset.random({seed: 4}).take(9),
  rebatch: () => numbers().batch(4).rebatch([1, 2]),
  sampleFromDatasets: () => Dataset.sampleFromDatasets<unknown>([numbers(), other()], {seed: 3, weights: [1, 2]}),
  scan: () => numbers().scan(0, (sum, x) => [sum + x.item(), sum]),
  shard: () => numbers().shard(3, 1),
  'shuffle, repeated': () => numbers().shuffle(5, {seed: 7}).repeat(3),
  'shuffle of a generator, batched': () => other().repeat(4).shuffle(3, {seed: 9}).batch(2),
  takeWhile: () => numbers().takeWhile((x) => x.item() < 7),
  unbatch: () => numbers().batch(4).unbatch(),
  unique: () => numbers().repeat(2).unique(),
  window: () =>
    numbers()
      .window(3, {shift: 2})
      .flatMap((window) => window.batch(3)),
  zip: () => Dataset.zip({a: numbers().shuffle(11, {seed: 1}), b: other().repeat()}),
};

function plain(value: unknown): unknown {
  if (value instanceof RaggedTensor) return String(value);
  if (isTensor(value)) return value.array();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  }
  return value;
}

async function listOf(elements: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const element of elements) list.push(plain(element));
  return list;
}

test.each(Object.entries(PIPELINES))('%s', async (_, make) => {
  const whole = await listOf(make());
  expect(whole.length).toBeGreaterThan(2);
  for (let at = 0; at <= whole.length; at += 2) {
    const dataset = make();
    const iterator = dataset.iterator();
    for (let i = 0; i < at; i++) await iterator.getNext();
    const state = JSON.parse(JSON.stringify(iterator.save())) as ReturnType<typeof iterator.save>;
    await iterator.close();
    expect(await listOf(make().iterator({from: state}))).toEqual(whole.slice(at));
  }
});
