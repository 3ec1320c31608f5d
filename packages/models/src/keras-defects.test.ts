import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ops, type Tensor, tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {callbacks, loadModel, type Logs, Model, optimizers, Sequential} from './index.js';

// What Keras 3.15.1 on TensorFlow does and this library does not, each with what Keras gives.

const quiet = {verbose: 0, shuffle: false} as const;
let folder = '';

beforeEach(() => {
  clearSession();
  folder = mkdtempSync(join(tmpdir(), 'keratin-defects-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, {recursive: true});
});

/** y = w x with one weight. */
function line(options: Parameters<Sequential['compile']>[0], weight = 0) {
  const dense = new layers.Dense(1, {
    useBias: false,
    kernelInitializer: {class_name: 'Constant', config: {value: weight}},
  });
  return new Sequential([Input({shape: [1]}), dense]).compile({loss: 'mse', ...options});
}

test('losses of single outputs are means over samples, so that they add up to the total', async () => {
  const x = Input({shape: [1]});
  const both = ['a', 'b'].map((name) => new layers.Dense(1, {name, kernelInitializer: 'ones'})(x));
  const model = new Model({inputs: x, outputs: both}).compile({optimizer: new optimizers.SGD(0), loss: 'mse'});
  const values = tensor([[0], [0], [3]]);
  const zero = ops.zeros([3, 1]);
  const {history} = await model.fit(values, [zero, zero], {batchSize: 2, ...quiet});
  // Squares 0, 0 | 9 in batches of two and one: the mean is 3 for each. Keras gives a_loss 4.5 beside a loss of 6.
  expect([history['loss'], history['a_loss'], history['b_loss']]).toEqual([[6], [3], [3]]);
});

describe('NaN is never the best value', () => {
  const losses = [NaN, 4, 5, 6];
  const drive = {
    onEpochEnd(epoch: number, logs: Logs) {
      logs['seen'] = losses[epoch] ?? 0;
    },
  };

  test('of EarlyStopping, which in Keras would stop at epoch 2 and restore the weights of epoch 0', async () => {
    const model = line({optimizer: new optimizers.SGD(0.01)});
    const stop = new callbacks.EarlyStopping({monitor: 'seen', mode: 'min', patience: 2, restoreBestWeights: true});
    const weights: number[] = [];
    const watch = {onEpochEnd: () => void weights.push(model.getWeights()[0]?.item() ?? 0)};
    const {epoch} = await model.fit([[1]], [[1]], {epochs: 6, ...quiet, callbacks: [drive, watch, stop]});
    expect([epoch, stop.bestEpoch]).toEqual([[0, 1, 2, 3], 1]);
    expect(model.getWeights()[0]?.item()).toBe(weights[1]);
  });

  test('of ModelCheckpoint, which in Keras would never save again', async () => {
    const path = join(folder, 'best.safetensors');
    const checkpoint = new callbacks.ModelCheckpoint(path, {monitor: 'seen', mode: 'min', saveBestOnly: true});
    const model = line({optimizer: 'sgd'});
    await model.fit([[1]], [[1]], {epochs: 4, ...quiet, callbacks: [drive, checkpoint]});
    expect(checkpoint.best).toBe(4);
  });
});

test('batches are never counted past the end, which Keras does where several steps run at once', async () => {
  const model = line({optimizer: 'sgd', stepsPerExecution: 2});
  const ends: number[] = [];
  const watch = {onTrainBatchEnd: (batch: number) => void ends.push(batch)};
  const x = ops.ones([5, 1]);
  await model.fit(x, x, {batchSize: 1, ...quiet, callbacks: [watch]});
  expect(ends).toEqual([1, 3, 4]);
});

test("an .h5 file of a model that was compiled with 'mse' loads, compiled", async () => {
  const path = join(folder, 'model.h5');
  await line({optimizer: 'sgd', metrics: ['mse']}, 2).save(path);
  // Keras cannot find the function "mse" in such a file.
  const model = await loadModel(path);
  const [loss, mse] = await model.evaluate([[1]], [[0]], {verbose: 0});
  expect([loss, mse]).toEqual([4, 4]);
});

test('a missing monitor is an error, where Keras warns in every epoch and trains on', async () => {
  const stop = new callbacks.EarlyStopping({monitor: 'val_loss'});
  await expect(line({}).fit([[1]], [[1]], {...quiet, callbacks: [stop]})).rejects.toThrow(
    'EarlyStopping: monitor "val_loss" is not among the logs',
  );
});

test('ScheduleFreeAdamW starts from the weights, also in fit', async () => {
  const model = line({optimizer: new optimizers.ScheduleFreeAdamW(1e-6)}, 2);
  await model.fit([[1]], [[0]], quiet);
  // In Keras its path starts at zero there, and the first step takes the weights with it.
  expect(model.getWeights()[0]?.item()).toBeCloseTo(2, 5);
});

test('the norm of the gradient of an Embedding adds up what one id gets before it is clipped', async () => {
  const embedding = new layers.Embedding(3, 1, {embeddingsInitializer: 'zeros'});
  const model = new Sequential([Input({shape: [2], dtype: 'int32'}), embedding]).compile({
    optimizer: new optimizers.SGD({learningRate: 1, clipnorm: 1}),
    loss: (_: Tensor, yPred: Tensor) => ops.sum(yPred).neg(),
  });
  await model.fit([[0, 0]], [[[0], [0]]], quiet);
  // Keras takes the two uses of id 0 for two rows, and makes a step of length 1.4142135.
  expect(model.getWeights()[0]?.array()).toEqual([[1], [0], [0]]);
});

test.each([
  ['Adam', 0.699585, 0.65454],
  ['Adamax', 0.694832, 0.630994],
  ['Nadam', 0.679755, 0.640032],
  ['RMSprop', 1.001129, 0.888422],
  ['Adagrad', 0.653845, 0.623736],
  ['Lamb', 0.646534, 0.622108],
  // Every step of it on an embedding is one of Adam.
  ['Muon', 0.699146, 0.654115],
] as const)('%s sees the whole gradient of an id that comes twice in a batch', async (name, ours, keras) => {
  const model = new Sequential([
    Input({shape: [3], dtype: 'int32'}),
    new layers.Embedding(3, 2, {embeddingsInitializer: {class_name: 'Constant', config: {value: 0.5}}}),
  ]).compile({optimizer: new optimizers[name]({learningRate: 0.1}), loss: 'mse'});
  const targets = [
    [0, 1],
    [3, 0],
    [2, 2],
  ];
  await model.fit(tensor([[1, 1, 2]], 'int32'), [targets], {epochs: 2, ...quiet});
  // `ours` is what Keras gives too where the gradient is made dense first. As it is, Keras squares (Adamax: takes the size of) what each
  // place of the id adds, so that the sum of squares stands for the square of the sum.
  const changed = model.getWeights()[0]?.at(1, 0).item() ?? NaN;
  expect(changed).toBeCloseTo(ours, 5);
  expect(Math.abs(changed - keras)).toBeGreaterThan(0.02);
});
