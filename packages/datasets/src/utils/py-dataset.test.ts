import {setSeed} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {PyDataset, type PyDatasetOptions} from './py-dataset.js';

class Numbers extends PyDataset<number> {
  readonly log: string[] = [];
  running = 0;
  most = 0;

  constructor(
    private readonly count: number,
    options?: PyDatasetOptions,
  ) {
    super(options);
  }

  override get length(): number {
    return this.count;
  }

  override async getItem(index: number): Promise<number> {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise((resolve) => setTimeout(resolve, index === 0 ? 15 : 1));
    this.running -= 1;
    if (index === 5) throw new Error('no five');
    return index * 10;
  }

  override onEpochBegin(): void {
    this.log.push('begin');
  }

  override onEpochEnd(): void {
    this.log.push('end');
  }
}

const listOf = async (batches: AsyncIterable<number>): Promise<number[]> => {
  const list: number[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
};

describe('PyDataset', () => {
  test('gives its batches in order, several at a time, with hooks around', async () => {
    const numbers = new Numbers(5, {workers: 3});
    expect(await listOf(numbers)).toEqual([0, 10, 20, 30, 40]);
    expect([numbers.most, numbers.log]).toEqual([3, ['begin', 'end']]);
    const alone = new Numbers(4, {workers: 3, maxQueueSize: 1});
    await listOf(alone);
    expect(alone.most).toBe(1);
    expect(await listOf(new Numbers(0))).toEqual([]);
  });

  test('in random order where asked for, which follows setSeed', async () => {
    const numbers = new Numbers(5, {workers: 5});
    setSeed(1);
    const first = await listOf(numbers.batches({shuffle: true}));
    const second = await listOf(numbers.batches({shuffle: true}));
    setSeed(1);
    expect(await listOf(numbers.batches({shuffle: true}))).toEqual(first);
    expect([...first].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
    expect([first, second]).not.toEqual([
      [0, 10, 20, 30, 40],
      [0, 10, 20, 30, 40],
    ]);
  });

  test('a batch that fails ends the pass', async () => {
    const numbers = new Numbers(8, {workers: 4});
    await expect(listOf(numbers)).rejects.toThrow('no five');
    expect(numbers.log).toEqual(['begin']);
  });

  test.each<[string, () => unknown]>([
    ['Numbers: workers must be a positive integer, got 0', () => new Numbers(1, {workers: 0})],
    [
      'Numbers: unknown option "max_queue_size"; here it is called "maxQueueSize"',
      () => new Numbers(1, {max_queue_size: 1} as object),
    ],
  ])('%s', (message, fn) => {
    expect(fn).toThrow(message);
  });

  test('a length that is none', async () => {
    await expect(listOf(new Numbers(1.5))).rejects.toThrow('Numbers: length must be a number of batches, got 1.5');
  });
});
