import {describe, expect, it} from 'vitest';
import {
  type KeratinError,
  DtypeError,
  sets,
  ShapeError,
  sparse,
  SparseTensor,
  tensor,
  UnknownOptionError,
} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const ints = (x: readonly (readonly number[])[]) => tensor(x, 'int32');

describe('sets (000-8)', () => {
  it('of sparse and dense operands together', () => {
    const a = new SparseTensor(
      [
        [0, 0],
        [0, 3],
        [2, 1],
      ],
      tensor([5, 1, 5], 'int32'),
      [3, 4],
    );
    const union = sets.union(
      a,
      ints([
        [1, 2],
        [7, 7],
        [5, 5],
      ]),
    );
    expect(sparse.toDense(union).array()).toEqual([
      [1, 2, 5],
      [7, 0, 0],
      [5, 0, 0],
    ]);
    expect(sets.size(union).array()).toEqual([3, 1, 1]);
    expect(sets.size(a).array()).toEqual([2, 0, 1]);
    expect(sets.intersection(a, a).denseShape).toEqual([3, 2]);
  });

  it('of strings, int64 and more axes', () => {
    const words = sets.difference([['b', 'a', 'é', 'b']], [['a']]);
    expect(words.values.array()).toEqual(['b', 'é']);
    const big = sets.union(tensor([[2n ** 60n, -1n]]), [[2n ** 60n, 3n]]);
    expect(big.values.array()).toEqual([-1n, 3n, 2n ** 60n]);
    const deep = sets.intersection(tensor([[[1, 2]], [[3, 4]]], 'int32'), tensor([[[2, 2]], [[4, 3]]], 'int32'));
    expect(deep.indices.array(2)).toEqual([
      [0n, 0n, 0n],
      [1n, 0n, 0n],
      [1n, 0n, 1n],
    ]);
    expect(deep.values.array()).toEqual([2, 3, 4]);
    expect(sets.size(deep).array()).toEqual([[1], [2]]);
  });

  it('without elements', () => {
    const none = sets.intersection(ints([[1], [2]]), ints([[3], [4]]));
    expect([none.denseShape, none.nnz]).toEqual([[2, 0], 0]);
    expect(
      sets.union(tensor([], {dtype: 'int32', shape: [0, 3]}), tensor([], {dtype: 'int32', shape: [0, 1]})).denseShape,
    ).toEqual([0, 0]);
  });

  it.each<[string, () => unknown, new (message: string) => KeratinError, string]>([
    [
      'floating',
      () => sets.union([[1]], [[2]]),
      DtypeError,
      'sets.union: sets have elements of an integer dtype or string, got float32',
    ],
    [
      'mixed',
      () => sets.union(ints([[1]]), tensor([[1]], 'int64') as never),
      DtypeError,
      'sets.union: sets must have one dtype, got a int32 and b int64',
    ],
    [
      'rank',
      () => sets.size(new SparseTensor([[0]], tensor([1], 'int32'), [2])),
      ShapeError,
      'sets.size: an axis of rows before that of sets is needed, got shape (2,)',
    ],
    [
      'rows',
      () => sets.intersection(ints([[1]]), ints([[1], [2]])),
      ShapeError,
      'sets.intersection: the axes before the last must be the same, got a (1,) and b (2,)',
    ],
    [
      'option',
      () => sets.difference(ints([[1]]), ints([[1]]), {aminusb: true} as object),
      UnknownOptionError,
      'sets.difference: unknown option "aminusb"; here it is called "aMinusB"',
    ],
  ])('refuse: %s', (_, fn, type, message) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(message);
  });
});
