import {describe, expect, test} from 'vitest';
import {data, layers, ops, Sequential, tensor} from './index.js';

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
