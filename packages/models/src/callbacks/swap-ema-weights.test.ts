import {tensor, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {expect, test} from 'vitest';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {expectClose} from '../testing/golden.js';
import {SwapEMAWeights} from './swap-ema-weights.js';

const x = tensor([
  [1, 2],
  [3, -1],
  [0, 1],
  [2, 2],
]);
const y = tensor([[1], [2], [0], [3]]);

function modelOf(
  optimizer: optimizers.Optimizer = new optimizers.SGD({learningRate: 0.05, useEma: true, emaMomentum: 0.9}),
) {
  const model = new Sequential([Input({shape: [2]}), new layers.Dense(1)]);
  model.setWeights([tensor([[0.5], [-0.25]]), tensor([0.1])]);
  return model.compile({optimizer, loss: 'mse'});
}

const kernelOf = (model: Sequential): Tensor => model.getWeights()[0] ?? tensor([]);

// Recorded from Keras 3.15.1: three epochs of SGD with momentum 0.9 of the average.
const LOSS = [1.256245493888855, 0.51190948486, 0.4305831789970398];
const VAL_LOSS = [1.0308036804199219, 0.83337908983, 0.6640105247497559];
const FINAL = [0.6476167440414429, -0.0408286899];
const AT_EPOCH_END = {
  false: [
    [0.7722499370574951, 0.038000017404556274],
    [0.8162825107574463, 0.16981157660484314],
    [0.8159652948379517, 0.23969385027885437],
  ],
  true: [[0.587975025177002, -0.14694997668266296], [0.6197090148925781, -0.09715849906206131], FINAL],
} as const;

test.each([false, true])('validates with the averages, as Keras does (swapOnEpoch: %s)', async (swapOnEpoch) => {
  const model = modelOf();
  const seen: Tensor[] = [];
  const {history} = await model.fit(x, y, {
    epochs: 3,
    batchSize: 2,
    shuffle: false,
    validationData: [x, y],
    verbose: 0,
    callbacks: [
      new SwapEMAWeights({swapOnEpoch}),
      {
        onEpochEnd() {
          seen.push(kernelOf(model).reshape([2]));
        },
      },
    ],
  });
  expectClose(tensor(history.loss), tensor(LOSS), 'loss', 1e-6);
  expectClose(tensor(history.val_loss), tensor(VAL_LOSS), 'val_loss', 1e-6);
  AT_EPOCH_END[swapOnEpoch ? 'true' : 'false'].forEach((weights, epoch) => {
    expectClose(seen[epoch] ?? NaN, tensor([...weights]), `epoch ${String(epoch)}`, 1e-6);
  });
  expectClose(kernelOf(model).reshape([2]), tensor(FINAL), 'final', 1e-6);
});

test('a run that stops early ends with the averages too', async () => {
  const run = async (epochs: number, stop: boolean) => {
    const model = modelOf();
    const stopAfter = {
      onEpochEnd(epoch: number) {
        if (stop && epoch === 1) model.stopTraining = true;
      },
    };
    const callbacks = [new SwapEMAWeights({swapOnEpoch: true}), stopAfter];
    await model.fit(x, y, {epochs, shuffle: false, verbose: 0, callbacks});
    return kernelOf(model).array();
  };
  expect(await run(5, true)).toEqual(await run(2, false));
});

test('evaluate and predict use the averages and leave the weights as they were', async () => {
  const model = modelOf();
  for (let step = 0; step < 3; step++) model.trainOnBatch(x, y);
  const before = kernelOf(model).array();
  const plain = await model.predict(x, {verbose: 0});
  const swapped = await model.predict(x, {verbose: 0, callbacks: [new SwapEMAWeights()]});
  expect(swapped.array()).not.toEqual(plain.array());
  expect(kernelOf(model).array()).toEqual(before);
  const {loss} = await model.evaluate(x, y, {verbose: 0});
  const averaged = await model.evaluate(x, y, {verbose: 0, callbacks: [new SwapEMAWeights()]});
  expect(averaged.loss).not.toBe(loss);
  expect(kernelOf(model).array()).toEqual(before);
  expectClose(tensor([averaged.loss]), swapped.sub(y).square().mean().reshape([1]), 'loss', 1e-6);
});

test('the inner optimizer of a LossScaleOptimizer is the one that averages', async () => {
  const inner = new optimizers.SGD({learningRate: 0.05, useEma: true, emaMomentum: 0.9});
  const model = modelOf(new optimizers.LossScaleOptimizer(inner));
  model.trainOnBatch(x, y);
  const before = kernelOf(model).array();
  const plain = await model.predict(x, {verbose: 0});
  const swapped = await model.predict(x, {verbose: 0, callbacks: [new SwapEMAWeights()]});
  expect(swapped.array()).toEqual(plain.array());
  model.trainOnBatch(x, y);
  const later = await model.predict(x, {verbose: 0, callbacks: [new SwapEMAWeights()]});
  expect(later.array()).not.toEqual((await model.predict(x, {verbose: 0})).array());
  expect(kernelOf(model).array()).not.toEqual(before);
});

test('mistakes', async () => {
  const model = modelOf(new optimizers.SGD({name: 'plain'}));
  await expect(model.fit(x, y, {verbose: 0, callbacks: [new SwapEMAWeights()]})).rejects.toThrow(
    'SwapEMAWeights: an optimizer with {useEma: true} is needed, got plain',
  );
  // @ts-expect-error -- a boolean is needed
  expect(() => new SwapEMAWeights({swapOnEpoch: 'yes'})).toThrow(
    'SwapEMAWeights: swapOnEpoch must be true or false, got "yes"',
  );
});
