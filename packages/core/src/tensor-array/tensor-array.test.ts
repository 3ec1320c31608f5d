import {describe, expect, it} from 'vitest';
import {
  DtypeError,
  GradientTape,
  IndexError,
  type KeratinError,
  ops,
  ShapeError,
  tensor,
  TensorArray,
  ValueError,
  Variable,
} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

describe('TensorArray (000-8)', () => {
  it('gradients flow through write, read, stack, gather, concat, unstack, scatter and split', () => {
    const x = new Variable([1, 2, 3]);
    const tape = new GradientTape();
    const loss = tape.record(() => {
      const squares = new TensorArray('float32', {size: 3}).unstack(x.square());
      const moved = new TensorArray('float32', {size: 3}).scatter([2, 0, 1], squares.stack());
      const parts = new TensorArray('float32', {size: 2, inferShape: false, clearAfterRead: false});
      parts.split(moved.stack(), [1, 2]);
      const picked = new TensorArray('float32', {size: 2}).write(0, parts.read(1).sum()).write(1, parts.read(0).sum());
      return picked
        .gather([0])
        .sum()
        .add(parts.concat().mul([10, 0, 0]).sum());
    });
    // moved is [x1^2, x2^2, x0^2]: the first ten times, the others once.
    expect(tape.gradient(loss, x).array()).toEqual([2, 40, 6]);
  });

  it('keeps the value that a Variable had', () => {
    const v = new Variable([1, 2]);
    const list = new TensorArray('float32', {size: 2}).write(0, v);
    v.assign([3, 4]);
    expect(list.write(1, v).stack().array()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('grows, holds strings, and is written again', () => {
    const list = new TensorArray('string', {dynamicSize: true});
    list.write(2, 'c').write(0, 'a').write(0, 'b');
    expect([list.size(), list.elementShape, list.stack().array()]).toEqual([3, [], ['b', '', 'c']]);
    expect(list.read(0).item()).toBe('b');
    expect(list.write(0, 'x').read(0).item()).toBe('x');
    list.close();
    expect(list.size()).toBe(0);
    expect(new TensorArray('int32').stack().shape).toEqual([0]);
    expect(new TensorArray('int32', {elementShape: [3, 2]}).concat().shape).toEqual([0, 2]);
    expect(new TensorArray('int32', {size: 1, elementShape: [2]}).read(0).array()).toEqual([0, 0]);
  });

  it('stack and gather leave elements in place', () => {
    const list = new TensorArray('int32', {size: 2}).unstack([4, 5]);
    expect([list.stack().array(), list.gather([1]).array(), list.read(1).item()]).toEqual([[4, 5], [5], 5]);
  });

  const two = () => new TensorArray('float32', {size: 2});
  it.each<[string, () => unknown, new (message: string) => KeratinError, string]>([
    [
      'size',
      () => new TensorArray('int32', {size: -1}),
      ValueError,
      'TensorArray: size must be a non-negative integer, got -1',
    ],
    [
      'dtype',
      () => new TensorArray('flot32' as 'float32'),
      DtypeError,
      'TensorArray: unknown dtype "flot32"; did you mean "float32"?',
    ],
    [
      'option',
      () => new TensorArray('int32', {dynamic: true} as object),
      Error,
      'TensorArray: unknown option "dynamic"',
    ],
    [
      'write dtype',
      () => two().write(0, tensor(1, 'int32')),
      DtypeError,
      "TensorArray.write: elements are float32, got int32; use cast('float32')",
    ],
    [
      'negative',
      () => two().write(-1, 1),
      IndexError,
      'TensorArray.write: index -1 is outside of an array of 2 elements',
    ],
    ['read', () => two().read(2), IndexError, 'TensorArray.read: index 2 is outside of an array of 2 elements'],
    [
      'unwritten',
      () => two().read(0),
      ValueError,
      'TensorArray.read: element 0 was not written, and the shape of elements is not known',
    ],
    ['gather', () => two().gather([2]), IndexError, 'TensorArray.gather: index 2 is outside of an array of 2 elements'],
    ['rank', () => two().gather([[0]]), ShapeError, 'TensorArray.gather: indices must have rank 1, got shape (1,1)'],
    ['unstack', () => two().unstack([1, 2, 3]), ShapeError, 'TensorArray.unstack: 2 elements are needed, got 3'],
    ['scalar', () => two().unstack(1), ShapeError, 'TensorArray.unstack: an axis of elements is needed, got a scalar'],
    [
      'scatter',
      () => two().scatter([0], [1, 2]),
      ShapeError,
      'TensorArray.scatter: as many indices as elements are needed, got 1 and 2',
    ],
    ['scatter index', () => two().scatter([5], [1]), IndexError, 'TensorArray.scatter: index 5 is outside'],
    [
      'split',
      () => two().split([1, 2], [1, 2]),
      ShapeError,
      'TensorArray.split: lengths must add up to the first axis, got [1, 2] and shape (2,)',
    ],
    ['split count', () => two().split([1, 2], [2]), ShapeError, 'TensorArray.split: 2 lengths are needed, got 1'],
    [
      'shape',
      () => new TensorArray('float32', {size: 1, elementShape: [null, 2]}).write(0, [1, 2]),
      ShapeError,
      'TensorArray.write: elements have shape (None,2), got (2,)',
    ],
    [
      'stack',
      () =>
        new TensorArray('float32', {size: 2, inferShape: false})
          .unstack(ops.zeros([2, 1]))
          .write(0, [1, 2])
          .stack(),
      ShapeError,
      'stack',
    ],
  ])('refuses: %s', (_, fn, type, message) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(message);
  });
});
