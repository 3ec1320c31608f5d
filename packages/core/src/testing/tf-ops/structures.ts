import {queues, sets, sparse, tensor, TensorArray} from '../../index.js';
import {type Cases, throws} from './case.js';

const ints = (...list: number[]) => tensor(list, 'int32');
const A = () =>
  tensor(
    [
      [1, 2, 9],
      [3, 4, 4],
    ],
    'int32',
  );
const B = () =>
  tensor(
    [
      [2, 9, 9],
      [5, 6, 3],
    ],
    'int32',
  );

/** A queue of numbers 3, 1, 2 and its like. */
async function filled<Q extends {enqueue(x: number): Promise<void>}>(queue: Q, values: readonly number[]): Promise<Q> {
  for (const value of values) await queue.enqueue(value);
  return queue;
}

export const STRUCTURES: Cases = {
  'sets/sets.union(a, b)': () => sets.union(A(), B()),
  'sets/sets.intersection(a, b)': () => sets.intersection(A(), B()),
  'sets/sets.difference(a, b)': () => sets.difference(A(), B()),
  'sets/sets.difference(a, b, aminusb=False)': () => sets.difference(A(), B(), {aMinusB: false}),
  'sets/sets.size(sets.union(a, b))': () => sets.size(sets.union(A(), B())),
  'sets/sparse.to_dense(sets.union(a, b))': () => sparse.toDense(sets.union(A(), B())),
  'sets/sets.size(sets.intersection(a, b))': () => sets.size(sets.intersection(A(), B())),

  'tensorarray/write-stack': () => {
    const t = new TensorArray('float32', {size: 3});
    for (let k = 0; k < 3; k++) t.write(k, [k, 2]);
    return t.stack();
  },
  'tensorarray/read': () => new TensorArray('float32', {size: 3}).write(1, 5).read(1),
  'tensorarray/concat': () =>
    new TensorArray('int32', {size: 2, inferShape: false}).write(0, [1, 2]).write(1, [3]).concat(),
  'tensorarray/unstack': () => new TensorArray('int32', {size: 3}).unstack([7, 8, 9]).read(2),
  'tensorarray/gather': () =>
    new TensorArray('int32', {size: 3, clearAfterRead: false}).unstack([7, 8, 9]).gather([2, 0]),
  'tensorarray/scatter': () => new TensorArray('int32', {size: 3}).scatter([2, 0, 1], [10, 20, 30]).stack(),
  'tensorarray/dynamic': () =>
    tensor(new TensorArray('float32', {dynamicSize: true}).write(0, 1).write(1, 2).size(), 'int32'),
  'tensorarray/split': () => new TensorArray('int32', {size: 2, inferShape: false}).split([1, 2, 3], [2, 1]).read(0),
  'tensorarray/read-unwritten-zero': () =>
    new TensorArray('float32', {size: 3}).write(0, [1, 2]).write(2, [5, 6]).stack(),
  'tensorarray/write-out-of-range': throws(
    () => new TensorArray('float32', {size: 3}).write(5, 1),
    'TensorArray.write: index 5 is outside of an array of 3 elements; {dynamicSize: true} lets it grow',
  ),
  'tensorarray/read-twice': throws(() => {
    const t = new TensorArray('float32', {size: 1}).write(0, 1);
    return [t.read(0), t.read(0)];
  }, 'TensorArray.read: element 0 was read before and is gone; {clearAfterRead: false} keeps elements'),
  'tensorarray/shape-mismatch': throws(
    () => new TensorArray('float32', {size: 3}).write(0, [1, 2]).write(1, [1, 2, 3]),
    'TensorArray.write: elements have shape (2,), got (3,)',
  ),

  'queue/fifo': async () => {
    const q = await filled(new queues.FIFOQueue(4, ['int32'], {shapes: [[]]}), [3, 1, 2]);
    const before = q.size();
    const [first, second] = [await q.dequeue(), await q.dequeue()];
    return [tensor(before, 'int32'), first, second, tensor(q.size(), 'int32')];
  },
  'queue/fifo-many': async () => {
    const q = new queues.FIFOQueue(5, 'float32', {shapes: [[2]]});
    await q.enqueueMany([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    return [await q.dequeueMany(2), await q.dequeue()];
  },
  'queue/fifo-components': async () => {
    const q = new queues.FIFOQueue(3, ['int32', 'string'], {shapes: [[], []]});
    await q.enqueue([7, 'a']);
    return q.dequeue();
  },
  'queue/priority': async () => {
    const q = new queues.PriorityQueue(5, ['string'], {shapes: [[]]});
    await q.enqueue([5n, 'e']);
    await q.enqueue([1n, 'a']);
    await q.enqueue([3n, 'c']);
    return [await q.dequeue(), await q.dequeue(), await q.dequeue()];
  },
  'queue/padding': async () => {
    const q = new queues.PaddingFIFOQueue(5, ['int32'], [[null]]);
    for (const value of [[1], [2, 3, 4], [5, 6]]) await q.enqueue(ints(...value));
    return q.dequeueMany(3);
  },
  'queue/padding-2d': async () => {
    const q = new queues.PaddingFIFOQueue(5, ['float32'], [[null, null]]);
    await q.enqueue([[1]]);
    await q.enqueue([
      [2, 3],
      [4, 5],
    ]);
    return q.dequeueMany(2);
  },
  'queue/dequeue-up-to': async () => {
    const q = new queues.FIFOQueue(5, 'int32', {shapes: [[]]});
    await q.enqueueMany([1, 2, 3]);
    q.close();
    return [await q.dequeueUpTo(2), await q.dequeueUpTo(2)];
  },
  'queue/closed': () => {
    const q = new queues.FIFOQueue(2, 'int32');
    q.close();
    return tensor(q.isClosed());
  },
  'queue/random-shuffle': async () => {
    const q = new queues.RandomShuffleQueue(8, 0, ['int32'], {shapes: [[]], seed: 1});
    await q.enqueueMany([-4, -6, 2, 3]);
    return q.dequeueMany(4);
  },
  'queue/closed-empty': throws(async () => {
    const q = new queues.FIFOQueue(2, 'int32');
    q.close();
    return q.dequeue();
  }, 'FIFOQueue.dequeue: the queue is closed and has too few elements: 1 asked for, 0 left'),
  'queue/enqueue-closed': throws(async () => {
    const q = new queues.FIFOQueue(2, 'int32');
    q.close();
    await q.enqueue(1);
  }, 'FIFOQueue.enqueue: the queue is closed'),
  'queue/shape-mismatch': throws(async () => {
    await new queues.FIFOQueue(2, 'int32', {shapes: [[2]]}).enqueue([1, 2, 3]);
  }, 'FIFOQueue.enqueue: component 0 must have shape (2,), got (3,)'),
};
