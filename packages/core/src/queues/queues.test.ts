import {describe, expect, expectTypeOf, it} from 'vitest';
import {CancelledError, type KeratinError, OutOfRangeError, queues, tensor, type Tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const {FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue} = queues;
const numbers = (capacity: number) => new FIFOQueue(capacity, 'int32', {shapes: [[]]});

/** What a promise has come to, once everything that can go on has gone on. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'waits';
  promise.then(
    () => (state = 'done'),
    () => (state = 'failed'),
  );
  await new Promise((resume) => setImmediate(resume));
  return state;
}

const item = async (value: Promise<Tensor>): Promise<number> => (await value).item();

describe('queues (000-8)', () => {
  it('a full queue makes producers wait, in their order', async () => {
    const q = numbers(1);
    await q.enqueue(1);
    const [second, third] = [q.enqueue(2), q.enqueue(3)];
    expect(await stateOf(second)).toBe('waits');
    expect(await item(q.dequeue())).toBe(1);
    expect(await stateOf(second)).toBe('done');
    expect(await stateOf(third)).toBe('waits');
    expect([await item(q.dequeue()), await item(q.dequeue())]).toEqual([2, 3]);
    await third;
    expect(q.size()).toBe(0);
  });

  it('an empty queue makes consumers wait, in their order', async () => {
    const q = numbers(2);
    const [first, second] = [item(q.dequeue()), item(q.dequeue())];
    expect(await stateOf(first)).toBe('waits');
    await q.enqueue(7);
    expect(await first).toBe(7);
    expect(await stateOf(second)).toBe('waits');
    await q.enqueue(8);
    expect(await second).toBe(8);
  });

  it('many elements pass through a small queue', async () => {
    const q = numbers(2);
    const all = q.dequeueMany(5);
    const sent = q.enqueueMany([1, 2, 3, 4, 5, 6]);
    expect((await all).array()).toEqual([1, 2, 3, 4, 5]);
    await sent;
    expect(q.size()).toBe(1);
    expect((await q.dequeueMany(0)).shape).toEqual([0]);
  });

  it('close lets what waits to go in go in, and refuses the rest', async () => {
    const q = numbers(1);
    await q.enqueue(1);
    const pending = q.enqueue(2);
    q.close();
    expect(q.isClosed()).toBe(true);
    await expect(q.enqueue(3)).rejects.toThrow(CancelledError);
    expect([await item(q.dequeue()), await item(q.dequeue())]).toEqual([1, 2]);
    await pending;
    await expect(q.dequeue()).rejects.toThrow(OutOfRangeError);
  });

  it('close with cancelPendingEnqueues fails those that wait', async () => {
    const q = numbers(1);
    await q.enqueue(1);
    const pending = q.enqueueMany([2, 3]);
    q.close({cancelPendingEnqueues: true});
    await expect(pending).rejects.toThrow('FIFOQueue.enqueueMany: the queue was closed while it waited');
    expect(await item(q.dequeue())).toBe(1);
  });

  it('close ends consumers that wait; what a batch had taken stays', async () => {
    const q = numbers(4);
    await q.enqueueMany([1, 2]);
    const three = q.dequeueMany(3);
    expect(await stateOf(three)).toBe('waits');
    q.close();
    await expect(three).rejects.toThrow(
      'FIFOQueue.dequeueMany: the queue is closed and has too few elements: 3 asked for, 2 left',
    );
    expect((await q.dequeueUpTo(3)).array()).toEqual([1, 2]);
    await expect(q.dequeueUpTo(3)).rejects.toThrow(OutOfRangeError);
  });

  it('components have names or places', async () => {
    const q = new FIFOQueue(3, ['int32', 'string'], {shapes: [[], [2]], names: ['id', 'words']});
    await q.enqueue({id: 1, words: ['a', 'b']});
    await q.enqueueMany({
      id: [2, 3],
      words: [
        ['c', 'd'],
        ['e', 'f'],
      ],
    });
    const {id, words} = await q.dequeueMany(2);
    expect([id.array(), words.array()]).toEqual([
      [1, 2],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ]);
    const pair = new FIFOQueue(3, ['int32', 'bool']);
    await pair.enqueue([1, true]);
    const taken = await pair.dequeue();
    expectTypeOf(taken).toEqualTypeOf<[Tensor, Tensor<boolean>]>();
    expect(taken.map((each) => each.item())).toEqual([1, true]);
  });

  it('keeps the value that a Variable had', async () => {
    const q = new FIFOQueue(1, 'float32');
    const v = new Variable([1, 2]);
    await q.enqueue(v);
    v.assign([3, 4]);
    expect((await q.dequeue()).array()).toEqual([1, 2]);
  });

  it('PriorityQueue: the least first, of equal ones that which came first', async () => {
    const q = new PriorityQueue(8, 'string', {shapes: [[]]});
    for (const [priority, value] of [
      [2n, 'c'],
      [-1n, 'a'],
      [2n, 'd'],
      [0n, 'b'],
    ] as const) {
      await q.enqueue([priority, value]);
    }
    const [priorities, values] = await q.dequeueMany(4);
    expect(priorities.array()).toEqual([-1n, 0n, 2n, 2n]);
    expect(values.array()).toEqual(['a', 'b', 'c', 'd']);
    await q.enqueue([2n, 'x']);
    const two = q.dequeueMany(2);
    expect(await stateOf(two)).toBe('waits');
    q.close();
    await expect(two).rejects.toThrow(OutOfRangeError);
    expect((await q.dequeue())[1].item()).toBe('x');
  });

  it('RandomShuffleQueue: the same order for one seed, and a rest that stays until it is closed', async () => {
    const order = async (seed: number) => {
      const q = new RandomShuffleQueue(64, 0, 'int32', {shapes: [[]], seed});
      await q.enqueueMany(Array.from({length: 64}, (_, i) => i));
      return (await q.dequeueMany(64)).array(1);
    };
    const first = await order(1);
    expect(first).toEqual(await order(1));
    expect(first).not.toEqual(await order(2));
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({length: 64}, (_, i) => i));

    const q = new RandomShuffleQueue(8, 2, 'int32', {shapes: [[]]});
    await q.enqueueMany([1, 2, 3]);
    await q.dequeue();
    const waiting = q.dequeue();
    expect(await stateOf(waiting)).toBe('waits');
    q.close();
    await waiting;
    expect(q.size()).toBe(1);
  });

  it('PaddingFIFOQueue: pads texts and booleans too', async () => {
    const q = new PaddingFIFOQueue(4, ['string', 'bool'], [[null], [2, null]]);
    await q.enqueue([['a'], [[true], [true]]]);
    await q.enqueue([
      ['b', 'c'],
      [[], []],
    ]);
    const [texts, flags] = await q.dequeueMany(2);
    expect(texts.array()).toEqual([
      ['a', ''],
      ['b', 'c'],
    ]);
    expect(flags.array()).toEqual([
      [[true], [true]],
      [[false], [false]],
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ['capacity', () => new FIFOQueue(0, 'int32'), 'FIFOQueue: capacity must be a positive integer, got 0'],
    ['dtype', () => new FIFOQueue(1, 'int33' as 'int32'), 'FIFOQueue: unknown dtype "int33"; did you mean "int32"?'],
    ['no dtypes', () => new FIFOQueue(1, []), 'FIFOQueue: at least one dtype is needed'],
    [
      'shapes',
      () => new FIFOQueue(1, 'int32', {shapes: []}),
      'FIFOQueue: shapes must be a list of 1, one for each dtype, got []',
    ],
    [
      'open shapes',
      () => new FIFOQueue(1, 'int32', {shapes: [[null]]}),
      'FIFOQueue: a shape is a list of sizes, got [null]',
    ],
    [
      'options',
      () => new FIFOQueue(1, 'int32', {shape: []} as object),
      'FIFOQueue: unknown option "shape"; did you mean "shapes"?',
    ],
    [
      'minAfterDequeue',
      () => new RandomShuffleQueue(2, 2, 'int32'),
      'RandomShuffleQueue: minAfterDequeue must be from 0 to the capacity 2 less one, got 2',
    ],
    [
      'close',
      () => {
        numbers(1).close({cancel: true} as object);
      },
      'FIFOQueue.close: unknown option "cancel"',
    ],
  ])('refuses a wrong %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'dtype',
      () => numbers(1).enqueue(tensor(1)),
      "FIFOQueue.enqueue: component 0 is int32, got float32; use cast('int32')",
    ],
    ['value', () => numbers(1).enqueue(1.5), 'FIFOQueue.enqueue: 1.5 is not an integer, which int32 needs'],
    ['scalar', () => numbers(1).enqueueMany(1), 'FIFOQueue.enqueueMany: an axis of elements is needed, got a scalar'],
    [
      'shape',
      () => numbers(1).enqueueMany([[1]]),
      'FIFOQueue.enqueueMany: component 0 must have shape (None,), got (1,1)',
    ],
    [
      'count',
      () => numbers(1).dequeueMany(-1),
      'FIFOQueue.dequeueMany: the number of elements must be a non-negative integer, got -1',
    ],
    ['batch', () => new FIFOQueue(1, 'int32').dequeueMany(1), 'FIFOQueue.dequeueMany: elements must have one shape'],
    [
      'list',
      () => new FIFOQueue(1, ['int32', 'bool']).enqueue(1),
      'FIFOQueue.enqueue: a list of 2 components is needed, got 1',
    ],
    [
      'lengths',
      () => new FIFOQueue(1, ['int32', 'bool']).enqueueMany([[1, 2], [true]]),
      'FIFOQueue.enqueueMany: components must have as many elements each, got (2,) and (1,)',
    ],
    [
      'names',
      () => new FIFOQueue(1, 'int32', {names: ['a']}).enqueue({b: 1}),
      'FIFOQueue.enqueue: an object with a is needed, got b',
    ],
  ])('rejects a wrong %s', async (_, fn, message) => {
    const error: unknown = await fn().catch((reason: unknown) => reason);
    expect((error as KeratinError).message).toContain(message);
  });
});
