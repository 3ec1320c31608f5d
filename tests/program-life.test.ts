// Compiled steps of models that nobody uses any more must go by themselves, with the memory that they hold.
import {collectGarbage, memoryStats} from '@keratin/native';
import {Input, layers, ops, random, Sequential} from 'keratin';
import {expect, test} from 'vitest';

const x = random.normal([8, 4], {seed: 1});
const y = ops.sum(x, {axis: 1, keepdims: true});

async function trainOnce(): Promise<void> {
  const model = new Sequential([Input({shape: [4]}), new layers.Dense(8, {activation: 'relu'}), new layers.Dense(1)]);
  model.compile({optimizer: 'adam', loss: 'mse', metrics: ['mae'], jitCompile: true});
  await model.fit(x, y, {epochs: 2, batchSize: 8, verbose: 0});
}

test('programs and their memory go with the model: 200 models that come and go', {retry: 2}, async () => {
  for (let i = 0; i < 10; i++) await trainOnce();
  collectGarbage();
  const before = memoryStats();
  let most = 0;
  for (let i = 0; i < 200; i++) {
    await trainOnce();
    most = Math.max(most, memoryStats().numPrograms);
  }
  // Each of the 200 models had a program; many were gone before the last was made, with nobody asking.
  expect(most).toBeLessThan(before.numPrograms + 150);
  collectGarbage();
  const after = memoryStats();
  // What the last model left in frames and microtasks may still be reachable.
  expect(after.numPrograms).toBeLessThanOrEqual(before.numPrograms + 3);
  expect(after.numBytes).toBeLessThan(before.numBytes + 2 ** 20);
});

/** Buffers made in epochs 21 to 100 of one training, and those alive after a collection at their end, less those at their begin. */
async function buffersOfEpochs(steps: number): Promise<{made: number; left: number}> {
  const rows = random.normal([4 * steps, 4], {seed: 1});
  const model = new Sequential([Input({shape: [4]}), new layers.Dense(8, {activation: 'relu'}), new layers.Dense(1)]);
  model.compile({optimizer: 'adam', loss: 'mse', metrics: ['mae'], jitCompile: true});
  let [before, made] = [0, 0];
  const onEpochEnd = (epoch: number): void => {
    if (epoch === 19) {
      collectGarbage();
      before = memoryStats().numBuffers;
    }
    // None of them is counted out before a collection.
    if (epoch === 99) made = memoryStats().numBuffers - before;
  };
  const wanted = ops.sum(rows, {axis: 1, keepdims: true});
  await model.fit(rows, wanted, {epochs: 100, batchSize: 4, verbose: 0, callbacks: [{onEpochEnd}]});
  collectGarbage();
  return {made, left: memoryStats().numBuffers - before};
}

test('steps make no buffers, and epochs leave none behind', async () => {
  const few = await buffersOfEpochs(8);
  const many = await buffersOfEpochs(64);
  // The random order of the samples, and the values of the metrics.
  expect(few.made).toBeLessThanOrEqual(80 * 8);
  expect(many.made).toBe(few.made);
  expect(few.left).toBeLessThanOrEqual(5);
  expect(many.left).toBeLessThanOrEqual(5);
});
