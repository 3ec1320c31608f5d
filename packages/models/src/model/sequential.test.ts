import {expect, it} from 'vitest';
import {setSeed, tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {Sequential} from './sequential.js';

it('trains', async () => {
  setSeed(1);
  const model = new Sequential([
    Input({shape: [2]}),
    new layers.Dense(8, {activation: 'tanh'}),
    new layers.Dense(1, {activation: 'sigmoid'}),
  ]).compile({optimizer: 'adam', loss: 'mse', metrics: ['mae', 'accuracy']});
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const y = tensor([[0], [1], [1], [0]]);
  const {history} = await model.fit(x, y, {epochs: 3, batchSize: 2, validationData: [x, y]});
  console.log(history);
  console.log(await model.evaluate(x, y, {verbose: 0}));
  model.summary();
  expect(history.val_mae.length).toBe(3);
});
