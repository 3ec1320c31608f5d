import {describe, expect, it} from 'vitest';
import {DtypeError, GradientTape, IndexError, ops, range, ShapeError, tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const grid = (): Variable =>
  new Variable(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    {name: 'v'},
  );

describe('Variable', () => {
  it('000-7 the notes line by line', () => {
    const v = grid();
    v.assign(v.mul(2));
    expect(v.array()).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    v.at(0, 1).assign(42);
    v.at(':', 2).assign([0, 1]);
    expect(v.array()).toEqual([
      [2, 42, 0],
      [8, 10, 1],
    ]);
    v.scatterNdUpdate(
      [
        [0, 0],
        [1, 2],
      ],
      [100, 200],
    );
    expect(v.array()).toEqual([
      [100, 42, 0],
      [8, 10, 200],
    ]);
    v.assignAdd(ops.ones([2, 3])).assignSub([1, 1, 1]);
    expect(
      v
        .scatterUpdate([0], [[7, 8, 9]])
        .at(0)
        .array(),
    ).toEqual([7, 8, 9]);
  });

  it('003-1 items of an int64 variable', () => {
    const v = new Variable<bigint>(range(10).cast('int64'));
    v.at(2).assign(10n);
    expect(v.dtype).toBe('int64');
    expect(v.array()).toEqual([0n, 1n, 10n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
  });

  it.each([
    ['scatterAdd', [11, 22, 3]],
    ['scatterSub', [-9, -18, 3]],
    ['scatterMax', [10, 20, 3]],
    ['scatterMin', [1, 2, 3]],
    ['scatterUpdate', [10, 20, 3]],
  ] as const)('%s, also of negative indices', (method, expected) => {
    expect(new Variable([1, 2, 3])[method]([0, -2], [10, 20]).array()).toEqual(expected);
  });

  it('is a tensor in operations, watched while it is trainable', () => {
    const [v, frozen] = [grid(), new Variable(2, {trainable: false, dtype: 'float32', name: 'frozen'})];
    expect([v.name, v.trainable, frozen.trainable, frozen.dtype]).toEqual(['v', true, false, 'float32']);
    const tape = new GradientTape();
    const y = tape.record(() => ops.sum(ops.multiply(v, frozen)));
    const [dv, df] = tape.gradient(y, [v, frozen], {unconnectedGradients: 'none'});
    expect(dv?.array()).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    expect(df).toBeNull();
  });

  it.each<[string, (v: Variable) => unknown, new (...args: never[]) => Error, string]>([
    [
      'another shape',
      (v) => v.assign([1, 2]),
      ShapeError,
      'assign: variable v has shape (2,3), got a value of shape (2,)',
    ],
    ['what does not broadcast', (v) => v.assignAdd([1, 2]), ShapeError, 'assignAdd: variable v has shape (2,3)'],
    [
      'another dtype',
      (v) => v.assignSub(tensor(1, 'float64')),
      DtypeError,
      "assignSub: variable v is float32, got a value of dtype float64; use cast('float32')",
    ],
    ['a row outside', (v) => v.scatterUpdate([2], [[1, 1, 1]]), IndexError, 'scatterUpdate'],
    ['an element outside', (v) => v.scatterNdUpdate([[0, 3]], [1]), IndexError, 'scatterNdUpdate'],
    ['an item outside', (v) => v.at(0, 3).assign(1), IndexError, 'index 3'],
    ['updates of another shape', (v) => v.scatterAdd([0], [1, 2]), ShapeError, 'scatterAdd'],
  ])('refuses %s, and keeps its value', (_, change, type, message) => {
    const v = grid();
    expect(() => change(v)).toThrow(type);
    expect(() => change(v)).toThrow(message);
    expect(v.array()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
});
