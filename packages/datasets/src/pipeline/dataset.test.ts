import {ops, setSeed, tensor, type Tensor} from '@keratin/core';
import {describe, expect, expectTypeOf, test} from 'vitest';
import {Dataset} from './dataset.js';

/** The elements as plain values. */
async function valuesOf(dataset: AsyncIterable<Tensor>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const element of dataset) values.push(element.array());
  return values;
}

const numbers = (n: number) => Array.from({length: n}, (_, i) => i);

/** The elements of `range(n)` from a generator, whose pipeline works on elements instead of row numbers. */
const generated = (n: number) =>
  Dataset.fromGenerator(function* () {
    for (let i = 0; i < n; i++) yield tensor(i, 'int32');
  });

/** The same asynchronously. */
const delayed = (n: number) =>
  Dataset.fromGenerator(async function* () {
    for (let i = 0; i < n; i++) {
      if (i % 3 === 0) await new Promise(setImmediate);
      yield tensor(i, 'int32');
    }
  });

describe.each([
  ['rows', (n: number) => Dataset.range(n)],
  ['a generator', generated],
  ['an asynchronous generator', delayed],
])('001-7: over %s', (_, source) => {
  test('take, skip, repeat, shard, concatenate', async () => {
    expect(await valuesOf(source(5).take(3))).toEqual([0, 1, 2]);
    expect(await valuesOf(source(5).take(-1))).toEqual(numbers(5));
    expect(await valuesOf(source(5).skip(3))).toEqual([3, 4]);
    expect(await valuesOf(source(5).skip(-1))).toEqual([]);
    expect(await valuesOf(source(2).repeat(3))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await valuesOf(source(2).repeat().take(5))).toEqual([0, 1, 0, 1, 0]);
    expect(await valuesOf(source(7).shard(3, 1))).toEqual([1, 4]);
    expect(await valuesOf(source(2).concatenate(source(3)))).toEqual([0, 1, 0, 1, 2]);
  });

  test('batch, map, filter, takeWhile, prefetch', async () => {
    expect(await valuesOf(source(5).batch(2))).toEqual([[0, 1], [2, 3], [4]]);
    expect(await valuesOf(source(5).batch(2, {dropRemainder: true}))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await valuesOf(source(3).map((x) => x.mul(2)))).toEqual([0, 2, 4]);
    expect(await valuesOf(source(3).map(async (x, i) => Promise.resolve(x.add(i))))).toEqual([0, 2, 4]);
    expect(await valuesOf(source(6).filter((x) => x.item() % 2 === 0))).toEqual([0, 2, 4]);
    expect(await valuesOf(source(6).filter((x) => x.greater(3)))).toEqual([4, 5]);
    expect(await valuesOf(source(6).takeWhile((x) => x.item() < 2))).toEqual([0, 1]);
    expect(await valuesOf(source(6).prefetch(2))).toEqual(numbers(6));
  });

  test('a repeat of nothing ends', async () => {
    expect(await valuesOf(source(0).repeat())).toEqual([]);
    expect(
      await valuesOf(
        source(3)
          .filter(() => false)
          .repeat(),
      ),
    ).toEqual([]);
  });

  test('shuffle gives every element once, in another order in each pass', async () => {
    const dataset = source(50).shuffle(50, {seed: 4});
    const first = await valuesOf(dataset);
    const second = await valuesOf(dataset);
    expect(first).not.toEqual(numbers(50));
    expect(second).not.toEqual(first);
    for (const pass of [first, second]) expect([...pass].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(50));
    const again = source(50).shuffle(50, {seed: 4});
    expect(await valuesOf(again)).toEqual(first);
    expect(await valuesOf(again)).toEqual(second);
    expect(await valuesOf(source(50).shuffle(50, {seed: 4}).repeat(2))).not.toEqual([...first, ...first]);
    const fixed = source(50).shuffle(50, {seed: 4, reshuffleEachIteration: false});
    expect(await valuesOf(fixed)).toEqual(await valuesOf(fixed));
  });

  test('a small buffer moves elements forward by less than its size', async () => {
    const order = (await valuesOf(source(100).shuffle(4, {seed: 1}))) as number[];
    order.forEach((value, at) => expect(value).toBeLessThan(at + 4));
    expect(await valuesOf(source(9).shuffle(1))).toEqual(numbers(9));
  });

  test('setSeed makes shuffles without a seed reproducible', async () => {
    setSeed(5);
    const first = await valuesOf(source(20).shuffle(20));
    setSeed(5);
    expect(await valuesOf(source(20).shuffle(20))).toEqual(first);
    expect(await valuesOf(source(20).shuffle(20))).not.toEqual(first);
  });

  test('a saved position goes on exactly', async () => {
    const pipeline = () =>
      source(20)
        .shuffle(7, {seed: 3})
        .filter((x) => x.item() !== 4)
        .repeat(3)
        .skip(2)
        .map((x) => x.add(1))
        .batch(3)
        .prefetch(2)
        .take(17);
    const dataset = pipeline();
    await valuesOf(dataset.take(1)); // The second pass has another order.
    const iterator = dataset.iterator();
    for (let i = 0; i < 5; i++) await iterator.getNext();
    const state: unknown = JSON.parse(JSON.stringify(iterator.save()));
    const rest = await valuesOf(iterator);
    const resumed = pipeline();
    expect(await valuesOf(resumed.iterator({from: state as ReturnType<typeof iterator.save>}))).toEqual(rest);
    expect(rest.length).toBe(12);
    // And the passes after it are those that would have followed.
    expect(await valuesOf(resumed)).toEqual(await valuesOf(dataset));
  });
});

describe('elements', () => {
  test('are lists or dictionaries of rows', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const y = tensor([5, 6], 'int32');
    const pairs = Dataset.fromTensorSlices([x, y]);
    expectTypeOf(pairs).toEqualTypeOf<Dataset<readonly [Tensor, Tensor]>>();
    expect((await pairs.toArray()).map(([a, b]) => [a.array(), b.item()])).toEqual([
      [[1, 2], 5],
      [[3, 4], 6],
    ]);
    const named = Dataset.fromTensorSlices({x, y: ['a', 'b']}).batch(2);
    expectTypeOf(named).toEqualTypeOf<Dataset<{readonly x: Tensor; readonly y: Tensor<string>}>>();
    const {x: xs, y: ys} = await named.getSingleElement();
    expect([xs.array(), ys.array()]).toEqual([x.array(), ['a', 'b']]);
  });

  test('of generators stay as they are until batch makes tensors', async () => {
    const dataset = Dataset.fromGenerator(function* () {
      yield {n: 1, s: 'a', v: [1, 2], t: new Uint8Array([1])};
      yield {n: 2, s: 'b', v: [3, 4], t: new Uint8Array([2])};
    });
    expect((await dataset.toArray())[0]).toEqual({n: 1, s: 'a', v: [1, 2], t: new Uint8Array([1])});
    const {n, s, v, t} = await dataset.batch(2).getSingleElement();
    expect([n.array(), s.array(), v.array(), t.array()]).toEqual([
      [1, 2],
      ['a', 'b'],
      [
        [1, 2],
        [3, 4],
      ],
      [[1], [2]],
    ]);
    expect([n.dtype, t.dtype]).toEqual(['float32', 'uint8']);
  });

  test('have a spec and a text', () => {
    const dataset = Dataset.fromTensorSlices([ops.zeros([6, 2]), tensor([1, 2, 3, 4, 5, 6], 'int32')]);
    expect(String(dataset.batch(4))).toBe('Dataset(fromTensorSlices > batch, [float32(None,2), int32(None,)])');
    expect(String(dataset.batch(4, {dropRemainder: true}).map((x) => x))).toBe(
      'Dataset(fromTensorSlices > batch > map, ?)',
    );
  });
});

test('synchronous pipelines iterate with for ... of, others say so', () => {
  expect([...Dataset.range(3).batch(2).prefetch(1)].map((x) => x.array())).toEqual([[0, 1], [2]]);
  expect(() => [...delayed(3)]).toThrow(
    'Dataset: this pipeline is asynchronous (fromGenerator); iterate with for await',
  );
});
