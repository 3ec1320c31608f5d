// One seed gives one result, bit for bit, for any number of kernel threads.
import {getNumThreads, setNumThreads} from 'keratin';
import {afterEach, describe, expect, test} from 'vitest';
import {trainByBatches, trainCnn, trainMlp} from './scenarios/training.js';

const usual = getNumThreads();
afterEach(() => setNumThreads(usual));

describe.each([
  ['an MLP with dropout and shuffling', trainMlp],
  ['a CNN with BatchNormalization', trainCnn],
  ['a loop of trainOnBatch', trainByBatches],
] as const)('003-7: %s', (_, train) => {
  test('gives the same weights for the same seed, and others for another', async () => {
    const first = await train(42);
    const again = await train(42);
    const other = await train(43);
    expect(again).toEqual(first);
    expect(other.weights).not.toBe(first.weights);
    expect(other.weights).toHaveLength(first.weights.length);
    expect(Math.min(...first.losses)).toBeGreaterThan(0);
  });

  test('gives the same weights with 1, 2 and 3 threads', async () => {
    const results = [];
    for (const threads of [1, 2, 3]) {
      setNumThreads(threads);
      expect(getNumThreads()).toBe(threads);
      results.push(await train(42));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
