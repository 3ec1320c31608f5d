import {describe, expect, test} from 'vitest';
import {data, layers, memory, ops, random, Sequential, setSeed, type Tensor, tensor, utils} from './index.js';

const {Dataset} = data;
const x = ops.reshape(ops.arange(24), [12, 2]).cast('float32').div(24);
const y = tensor(
  Array.from({length: 12}, (_, i) => i % 3),
  'int32',
);

const build = () =>
  new Sequential([new layers.Dense(3, {kernelInitializer: 'ones'})]).compile({
    optimizer: 'sgd',
    loss: 'mse',
    metrics: ['mae'],
  });
const oneHot = ops.oneHot(y, 3);

describe('001-7: models take datasets', () => {
  test('fit learns from one as from the arrays', async () => {
    const options = {epochs: 2, verbose: 0} as const;
    const dataset = Dataset.fromTensorSlices([x, oneHot]).batch(4);
    const fromDataset = await build().fit(dataset, {...options, validationData: dataset});
    const fromArrays = await build().fit(x, oneHot, {
      ...options,
      batchSize: 4,
      shuffle: false,
      validationData: [x, oneHot],
      validationBatchSize: 4,
    });
    expect(fromDataset.history.loss).toHaveLength(2);
    fromDataset.history.loss.forEach((loss, i) => expect(loss).toBeCloseTo(fromArrays.history.loss[i] ?? NaN, 6));
    fromDataset.history.val_loss.forEach((loss, i) =>
      expect(loss).toBeCloseTo(fromArrays.history.val_loss[i] ?? NaN, 6),
    );
  });

  test('repeat needs stepsPerEpoch, and evaluate and predict take datasets', async () => {
    const model = build();
    const dataset = Dataset.fromTensorSlices([x, oneHot])
      .shuffle(12, {seed: 1})
      .map(([a, b]) => [a, b])
      .repeat()
      .batch(4)
      .prefetch(2);
    const {history} = await model.fit(dataset, {epochs: 2, stepsPerEpoch: 5, verbose: 0});
    expect(history.loss).toHaveLength(2);
    await expect(model.fit(dataset, {verbose: 0})).rejects.toThrow(
      /fit: the dataset is infinite; give the number of steps/,
    );
    const {loss} = await model.evaluate(Dataset.fromTensorSlices([x, oneHot]).batch(5), {verbose: 0});
    expect(loss).toBeGreaterThan(0);
    const predictions = await model.predict(Dataset.fromTensorSlices(x).batch(5), {verbose: 0});
    expect(predictions.shape).toEqual([12, 3]);
  });
});

test('001-7: fromTensorSlices, fromTensors, fromGenerator; batch, repeat, shuffle, map, filter; iterator.getNext()', async () => {
  const numbers = Dataset.fromTensorSlices(ops.arange(6));
  const even = numbers
    .shuffle(6, {seed: 1})
    .filter((n) => n.mod(2).equal(0))
    .map((n) => n.mul(10))
    .repeat(2)
    .batch(4);
  const batches = await even.toArray();
  expect(batches.map(({length}) => length)).toEqual([4, 2]);
  const all = batches.flatMap((batch) => batch.array(1));
  expect([all.slice(0, 3).sort(), all.slice(3).sort()]).toEqual([
    [0, 20, 40],
    [0, 20, 40],
  ]);
  expect((await Dataset.fromTensors([x, y]).getSingleElement())[0].shape).toEqual([12, 2]);
  const iterator = Dataset.fromGenerator(function* () {
    yield {xs: 1, ys: 2};
  }).iterator();
  expect(await iterator.getNext()).toEqual({xs: 1, ys: 2});
  await expect(iterator.getNext()).rejects.toThrow('the dataset has no further element after 1');
});

test('a hundred epochs through every kind of stage leave memory as it was', async () => {
  const images = random.uniform([256, 8, 8]);
  const dataset = Dataset.fromTensorSlices([images, ops.arange(256)])
    .shuffle(64, {seed: 1})
    .map(([image, label]) => [image.mul(2), label] as const)
    .batch(32)
    .prefetch(2);
  const epochs = async (count: number) => {
    let examples = 0;
    for (let i = 0; i < count; i++) for await (const [batch] of dataset) examples += batch.length;
    expect(examples).toBe(256 * count);
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve));
    }
    return memory().numBytes;
  };
  const before = await epochs(4);
  // An epoch makes 192 KB of tensors: 18 MB, if they stayed.
  expect((await epochs(96)) - before).toBeLessThan(3 << 20);
});

describe('PyDataset', () => {
  class Batches extends utils.PyDataset<readonly [Tensor, Tensor]> {
    readonly asked: number[] = [];

    override get length(): number {
      return 3;
    }

    override getItem(index: number): readonly [Tensor, Tensor] {
      this.asked.push(index);
      return [ops.slice(x, [4 * index, 0], [4, 2]), ops.slice(oneHot, [4 * index, 0], [4, 3])];
    }
  }

  test('fit takes its batches in random order, evaluate in order', async () => {
    setSeed(3);
    const model = build();
    const batches = new Batches({workers: 2});
    await model.fit(batches, {epochs: 4, verbose: 0});
    const epochs = [0, 3, 6, 9].map((at) => batches.asked.slice(at, at + 3));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2]);
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(1);
    const ordered = new Batches();
    await model.fit(ordered, {epochs: 1, shuffle: false, verbose: 0});
    await model.evaluate(ordered, {verbose: 0});
    expect(ordered.asked).toEqual([0, 1, 2, 0, 1, 2]);
  });
});

describe('layers adapt to datasets, also to those whose stages wait', () => {
  const waits = <E>(dataset: data.Dataset<E>) => dataset.map(async (element) => Promise.resolve(element));

  test('Normalization', async () => {
    const [whole, parts] = [new layers.Normalization(), new layers.Normalization()];
    whole.adapt(x);
    await parts.adapt(waits(Dataset.fromTensorSlices([x, y]).batch(5)));
    expect(parts(x).sub(whole(x)).abs().max().item()).toBeLessThan(1e-5);
  });

  test('TextVectorization and StringLookup', async () => {
    const texts = waits(Dataset.fromTensorSlices(['a b a', 'c a', 'b']).batch(2));
    const vectorize = new layers.TextVectorization();
    await vectorize.adapt(texts);
    expect(vectorize.getVocabulary()).toEqual(['', '[UNK]', 'a', 'b', 'c']);
    const lookup = new layers.StringLookup();
    await lookup.adapt(waits(Dataset.fromTensorSlices(['x', 'y', 'x']).batch(1)));
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'x', 'y']);
  });
});
