import {expect, test} from 'vitest';
import {ops, random} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {Sequential} from '../model/sequential.js';

const x = random.normal([8, 4], {seed: 1});
const y = ops.sum(x, {axis: 1, keepdims: true});

async function trainOnce(): Promise<void> {
  const model = new Sequential([Input({shape: [4]}), new layers.Dense(8, {activation: 'relu'}), new layers.Dense(1)]);
  model.compile({optimizer: 'adam', loss: 'mse', metrics: ['mae'], jitCompile: true});
  await model.fit(x, y, {epochs: 2, batchSize: 8, verbose: 0});
}

test('programs and their memory go with the model: 200 models that come and go', async () => {
  for (let i = 0; i < 100; i++) await trainOnce();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200; i++) await trainOnce();
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(20);
});
