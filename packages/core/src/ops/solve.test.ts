import {describe, expect, it} from 'vitest';
import {symbolicTensor} from '../engine/hidden.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {uniform} from '../testing/values.js';

const symbol = (...shape: (number | null)[]): Tensor => symbolicTensor({shape, dtype: 'float32'});

const identity = (n: number): Tensor => ops.eye(n, n, {dtype: 'float64'});
const invertible = (shape: readonly number[], seed = 1): Tensor =>
  uniform(shape, -1, 1, seed).add(identity(shape.at(-1) ?? 1).mul(3));
const distance = (a: Tensor, b: Tensor): number => ops.max(ops.abs(a.sub(b))).item();
const turned = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);

describe('determinants', () => {
  it('of nothing and of singular matrices', () => {
    expect(ops.det(ops.zeros([0, 0])).item()).toBe(1);
    expect(ops.det(ops.zeros([0, 3, 3])).shape).toEqual([0]);
    expect(ops.slogdet(ops.zeros([2, 2])).map((y) => y.item())).toEqual([0, -Infinity]);
    expect(ops.slogdet(ops.zeros([0, 0])).map((y) => y.item())).toEqual([1, 0]);
    expect(ops.logdet([[-1]]).item()).toBeNaN();
  });

  it('agree with each other', () => {
    const x = invertible([2, 3, 5, 5]);
    const [sign, logarithm] = ops.slogdet(x);
    expect(distance(sign.mul(logarithm.exp()), ops.det(x))).toBeLessThan(1e-10);
    const positive = x.matmul(turned(x));
    expect(distance(ops.logdet(positive), logarithm.mul(2))).toBeLessThan(1e-12);
    checkGradients((a) => ops.logdet(a.matmul(turned(a))), [invertible([2, 3, 3])], {order: 2});
  });
});

describe('solutions', () => {
  it.each([
    [[3, 3], [3]],
    [
      [3, 3],
      [3, 2],
    ],
    [
      [4, 3, 3],
      [4, 3],
    ],
    [
      [2, 1, 3, 3],
      [2, 5, 3, 2],
    ],
    [[1, 1], [1]],
  ] as const)('of a %j and b %j', (a, b) => {
    const x = invertible(a);
    const y = uniform(b);
    const columns = b.length === a.length - 1 ? y.expandDims(-1) : y;
    const solution = ops.solve(x, y);
    const product = x.matmul(b.length === a.length - 1 ? solution.expandDims(-1) : solution);
    expect(distance(product, columns)).toBeLessThan(1e-13);
    for (const lower of [true, false]) {
      const part = ops.solveTriangular(x, y, {lower});
      const triangle = lower ? ops.tril(x) : ops.triu(x);
      const again = triangle.matmul(b.length === a.length - 1 ? part.expandDims(-1) : part);
      expect(distance(again, columns)).toBeLessThan(1e-13);
    }
    checkGradients((p, q) => ops.solve(p, q), [x, y]);
  });

  it('of integers are float32', () => {
    const x = ops.solve(tensor([[2]], 'int32'), tensor([4], 'int32'));
    expect([x.dtype, x.array()]).toEqual(['float32', [2]]);
  });

  it('of nothing', () => {
    expect(ops.solve(ops.zeros([0, 0]), ops.zeros([0, 2])).shape).toEqual([0, 2]);
    expect(ops.solve(ops.eye(2), ops.zeros([2, 0])).shape).toEqual([2, 0]);
    expect(ops.inv(ops.zeros([0, 3, 3])).shape).toEqual([0, 3, 3]);
  });

  it('divide by a zero on the diagonal', () => {
    expect(
      ops
        .solveTriangular(
          [
            [0, 0],
            [0, 0],
          ],
          [1, 1],
        )
        .array(),
    ).toEqual([NaN, Infinity]);
  });
});

describe('pinv, lstsq, matrixRank', () => {
  const low = uniform([5, 2]).matmul(uniform([2, 4], -2, 2, 9));

  it('satisfy the four equations of Moore and Penrose', () => {
    for (const x of [uniform([2, 5, 3]), uniform([3, 5]), low]) {
      const y = ops.pinv(x);
      const [xy, yx] = [x.matmul(y), y.matmul(x)];
      expect(distance(xy.matmul(x), x)).toBeLessThan(1e-12);
      expect(distance(yx.matmul(y), y)).toBeLessThan(1e-12);
      expect(distance(turned(xy), xy)).toBeLessThan(1e-12);
      expect(distance(turned(yx), yx)).toBeLessThan(1e-12);
    }
    expect(ops.pinv(ops.zeros([0, 3])).shape).toEqual([3, 0]);
    expect(ops.pinv([[NaN]]).item()).toBeNaN();
    checkGradients((x) => ops.pinv(x), [uniform([4, 3])]);
  });

  it('count the rank', () => {
    expect(ops.matrixRank(low).item()).toBe(2);
    expect(ops.matrixRank(ops.zeros([2, 3, 3])).array()).toEqual([0, 0]);
    expect(ops.matrixRank(ops.zeros([0, 3])).item()).toBe(0);
    expect(
      ops
        .matrixRank(
          [
            [3, 0],
            [0, 1],
          ],
          {tol: 2},
        )
        .item(),
    ).toBe(1);
    expect(ops.matrixRank(low).dtype).toBe('int32');
  });

  it('solve least squares', () => {
    const x = ops.lstsq(
      tensor([
        [1, 0],
        [1, 1],
        [1, 2],
      ]),
      [1, 3, 5],
    );
    expect(distance(x, tensor([1, 2]))).toBeLessThan(1e-5);
    const a = uniform([3, 5]);
    const b = uniform([3, 2]);
    expect(distance(a.matmul(ops.lstsq(a, b)), b)).toBeLessThan(1e-13);
    expect(distance(ops.lstsq(low, uniform([5, 2])), ops.pinv(low).matmul(uniform([5, 2])))).toBeLessThan(1e-12);
    expect(ops.lstsq(ops.zeros([2, 2]), [1, 1]).array()).toEqual([0, 0]);
    expect(
      ops
        .lstsq(
          [
            [4, 0],
            [0, 1],
          ],
          [4, 1],
          {rcond: 0.5},
        )
        .array(),
    ).toEqual([1, 0]);
    checkGradients((p, q) => ops.lstsq(p, q), [uniform([4, 3]), uniform([4])]);
  });
});

describe('matrixPower', () => {
  it('multiplies', () => {
    const x = invertible([2, 3, 3]);
    expect(distance(ops.matrixPower(x, 5), x.matmul(x).matmul(x).matmul(x).matmul(x))).toBeLessThan(1e-10);
    expect(distance(ops.matrixPower(x, -2).matmul(x).matmul(x), identity(3))).toBeLessThan(1e-12);
    expect(distance(ops.matrixPower(x, 0), identity(3))).toBe(0);
    expect(distance(ops.matrixPower(x, 1), x)).toBe(0);
  });
});

describe('symbolic tensors', () => {
  it('have the shapes of the results', () => {
    const a = symbol(null, 3, 3);
    expect(ops.det(a).shape).toEqual([null]);
    expect(ops.inv(a).shape).toEqual([null, 3, 3]);
    expect(ops.solve(a, symbol(null, 3)).shape).toEqual([null, 3]);
    expect(ops.pinv(symbol(null, 3, 5)).shape).toEqual([null, 5, 3]);
    expect(ops.matrixRank(symbol(null, 3, 5)).shape).toEqual([null]);
  });
});

describe('mistakes', () => {
  const x = ops.eye(2);
  it.each<[() => unknown, new (message: string) => Error, string]>([
    [() => ops.inv(ops.ones([2, 2])), ValueError, 'inv: the matrix must be invertible, matrix 0 of 1 is singular'],
    [() => ops.inv([[NaN]]), ValueError, 'inv: the matrix must be invertible, matrix 0 of 1 is singular'],
    [() => ops.inv([1]), ShapeError, 'inv: x must have rank 2 or more, got shape (1,)'],
    [
      () => ops.det(ops.ones([2, 3])),
      ShapeError,
      'det: x must have square matrices in its last two axes, got shape (2,3)',
    ],
    [() => ops.slogdet(ops.ones([2, 3])), ShapeError, 'slogdet: x must have square matrices'],
    [() => ops.logdet(ops.ones([2, 3])), ShapeError, 'logdet: x must have square matrices'],
    [
      () => ops.solve(ops.zeros([2, 2]), [1, 1]),
      ValueError,
      'solve: the matrix must be invertible, matrix 0 of 1 is singular',
    ],
    [() => ops.solve(x, [1, 2, 3]), ShapeError, 'solve: b must have as many rows as a, got a (2,2) and b (3,1)'],
    [() => ops.solve(x, 1), ShapeError, 'solve: b must have rank 1 or more, got a scalar'],
    [
      () => ops.solve(ops.ones([2, 3]), [1, 2]),
      ShapeError,
      'solve: a must have square matrices in its last two axes, got shape (2,3)',
    ],
    [
      () => ops.solve(ops.ones([2, 2, 2]), ops.ones([3, 2, 1])),
      ShapeError,
      'solve: batch dimensions must broadcast, got a (2,2,2) and b (3,2,1)',
    ],
    [
      () => ops.solve(x, ops.ones([2], 'float64')),
      DtypeError,
      'solve: tensors must have one dtype, got a float32 and b float64',
    ],
    [() => ops.solveTriangular(x, [1, 2, 3]), ShapeError, 'solveTriangular: b must have as many rows as a'],
    [() => ops.solveTriangular(x, [1, 2], {upper: true} as object), Error, 'here it is called "lower"'],
    [
      () => ops.lstsq(ops.ones([1, 2, 2]), [1]),
      ShapeError,
      'lstsq: a must have rank 2 and b rank 1 or 2, got a (1,2,2) and b (1,)',
    ],
    [() => ops.lstsq(x, [1, 2, 3]), ShapeError, 'lstsq: a and b must have as many rows, got a (2,2) and b (3,)'],
    [() => ops.pinv([1, 2]), ShapeError, 'pinv: x must have rank 2 or more, got shape (2,)'],
    [() => ops.pinv(ops.ones([2, 2], 'bfloat16')), DtypeError, 'pinv: x must have float32 or float64, got bfloat16'],
    [() => ops.matrixRank([1]), ShapeError, 'matrixRank: x must have rank 2 or more, got shape (1,)'],
    [() => ops.matrixPower(x, 0.5), ValueError, 'matrixPower: n must be a whole number, got 0.5'],
    [() => ops.matrixPower(ops.ones([2, 2]), -1), ValueError, 'matrixPower: the matrix must be invertible'],
  ])('%#', (call, kind, sentence) => {
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
