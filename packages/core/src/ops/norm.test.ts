import {describe, expect, it} from 'vitest';
import {symbolicTensor} from '../engine/hidden.js';
import {ShapeError, UnknownOptionError, ValueError} from '../errors.js';
import {ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {uniform} from '../testing/values.js';

const symbol = (...shape: (number | null)[]): Tensor => symbolicTensor({shape, dtype: 'float32'});

const x = tensor([
  [1, -2, 3],
  [-4, 5, -6],
]);

describe('norm', () => {
  // Values of NumPy
  it.each([
    [null, 9.539392],
    ['fro', 9.539392],
    [1, 9],
    [-1, 5],
    [Infinity, 15],
    [-Infinity, 6],
    [2, 9.508032],
    [-2, 0.772869],
    ['nuc', 10.280901],
  ] as const)('of a matrix, %s', (ord, expected) => {
    const y = ops.norm(x, {ord});
    expect(y.shape).toEqual([]);
    expect(y.item()).toBeCloseTo(expected, 4);
    expect(ops.norm(x.transpose(), {ord, axis: [1, 0]}).item()).toBeCloseTo(expected, 4);
    const batch = ops.stack([x, x.mul(2)], 1);
    expect(ops.norm(batch, {ord, axis: [0, 2]}).array(1)[1]).toBeCloseTo(2 * expected, 4);
    expect(ops.norm(batch, {ord, axis: [0, -1], keepdims: true}).shape).toEqual([1, 2, 1]);
  });

  it.each([
    [null, [4.123106, 5.385165, 6.708204]],
    [0, [2, 2, 2]],
    [1, [5, 7, 9]],
    [3, [4.020726, 5.104469, 6.240251]],
    [-1, [0.8, 1.428571, 2]],
    [Infinity, [4, 5, 6]],
    [-Infinity, [1, 2, 3]],
  ] as const)('of vectors, %s', (ord, expected) => {
    const y = ops.norm(x, {ord, axis: 0});
    expect(y.shape).toEqual([3]);
    y.array(1).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? NaN, 5);
    });
    expect(ops.norm(x, {ord, axis: [0], keepdims: true}).shape).toEqual([1, 3]);
  });

  it('takes an axis instead of options', () => {
    expect(ops.norm(tensor([[3, 4]], 'int32'), 1).array()).toEqual([5]);
    expect(ops.norm([3, 4]).item()).toBe(5);
    expect(ops.norm(ops.ones([4], 'float16')).dtype).toBe('float16');
  });

  it('has gradients', () => {
    for (const ord of [null, 1, -1, Infinity, 'nuc', 2, -2] as const) {
      checkGradients((y) => ops.norm(y, {ord, axis: [0, 2]}), [uniform([3, 2, 4])]);
    }
    for (const ord of [null, 1, 3, -1, Infinity] as const) {
      checkGradients((y) => ops.norm(y, {ord, axis: -1}), [uniform([3, 4])], {order: 2});
    }
  });

  it('infers shapes', () => {
    expect(ops.norm(symbol(null, 3, 4), {axis: [1, 2]}).shape).toEqual([null]);
    expect(ops.norm(symbol(null, 3), {axis: -1, keepdims: true}).shape).toEqual([null, 1]);
  });

  it.each<[() => unknown, new (message: string) => Error, string]>([
    [() => ops.norm(ops.ones([2, 2, 2])), ShapeError, 'norm: axis must be one axis or two, got null for x (2,2,2)'],
    [() => ops.norm(3), ShapeError, 'norm: axis must be one axis or two, got null for x ()'],
    [() => ops.norm(x, {axis: 2}), ShapeError, 'norm: axis 2 does not exist in a tensor of rank 2'],
    [() => ops.norm(x, {axis: [0, 0]}), ShapeError, 'name one axis twice'],
    [() => ops.norm(x, {ord: 'fro', axis: 0}), ValueError, 'norm: ord of vectors must be a number, got "fro"'],
    [
      () => ops.norm(x, {ord: 3}),
      ValueError,
      "norm: ord of matrices must be 1, -1, 2, -2, Infinity, -Infinity, 'fro' or 'nuc', got 3",
    ],
    [
      () => ops.norm(x, {order: 2} as object),
      UnknownOptionError,
      'norm: unknown option "order"; here it is called "ord"',
    ],
  ])('refuses %#', (call, kind, sentence) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(kind);
    expect(error instanceof Error ? error.message : '').toContain(sentence);
  });
});
