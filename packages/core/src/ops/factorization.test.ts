import {describe, expect, it} from 'vitest';
import {symbolicTensor} from '../engine/hidden.js';
import {DtypeError, GradientError, ShapeError, UnknownOptionError, ValueError} from '../errors.js';
import {GradientTape, ops, tensor, type Tensor} from '../index.js';
import {checkGradients} from '../testing/gradients.js';
import {uniform} from '../testing/values.js';

const symbol = (...shape: (number | null)[]): Tensor => symbolicTensor({shape, dtype: 'float32'});

const turned = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);
const distance = (a: Tensor, b: Tensor): number => ops.max(ops.abs(a.sub(b))).item();
const identity = (n: number): Tensor => ops.eye(n, n, {dtype: 'float64'});
const positive = (shape: readonly number[]): Tensor => {
  const x = uniform(shape);
  return x.matmul(turned(x)).add(identity(shape.at(-1) ?? 1));
};

describe('cholesky', () => {
  it('gives factors of a batch, lower or upper', () => {
    const x = positive([3, 2, 5, 5]);
    const l = ops.cholesky(x);
    expect(distance(l.matmul(turned(l)), x)).toBeLessThan(1e-13);
    const u = ops.cholesky(x, {upper: true});
    expect(distance(u, turned(l))).toBe(0);
    expect(distance(ops.choleskyInverse(l).matmul(x), identity(5))).toBeLessThan(1e-12);
    expect(distance(ops.choleskyInverse(u, {upper: true}).matmul(x), identity(5))).toBeLessThan(1e-12);
  });

  it('has the gradient of its inverse', () => {
    checkGradients((x) => ops.choleskyInverse(x), [ops.cholesky(positive([2, 3, 3]))], {order: 2});
    checkGradients((x) => ops.choleskyInverse(x, {upper: true}), [ops.cholesky(positive([3, 3]), {upper: true})]);
  });
});

describe('luFactor', () => {
  it('gives the rows of x back', () => {
    const x = uniform([4, 7, 7]);
    const [lu, positions] = ops.luFactor(x);
    expect(positions.dtype).toBe('int32');
    const product = ops.tril(lu, -1).add(identity(7)).matmul(ops.triu(lu));
    expect(distance(ops.takeAlongAxis(product, positions.expandDims(-1), -2), x)).toBeLessThan(1e-14);
  });
});

describe('qr', () => {
  it.each([
    [[4, 4], 'reduced', [4, 4], [4, 4]],
    [[2, 6, 3], 'reduced', [2, 6, 3], [2, 3, 3]],
    [[6, 3], 'complete', [6, 6], [6, 3]],
    [[3, 6], 'complete', [3, 3], [3, 6]],
    [[0, 3], 'reduced', [0, 0], [0, 3]],
    [[3, 0], 'complete', [3, 3], [3, 0]],
  ] as const)('of %j, %s', (shape, mode, qShape, rShape) => {
    const x = uniform(shape);
    const [q, r] = ops.qr(x, {mode});
    expect([q.shape, r.shape]).toEqual([qShape, rShape]);
    if (x.size === 0) return;
    expect(distance(q.matmul(r), x)).toBeLessThan(1e-14);
    expect(distance(turned(q).matmul(q), identity(q.dim(-1)))).toBeLessThan(1e-14);
  });
});

describe('svd', () => {
  it.each([
    [[4, 4], true],
    [[2, 3, 5], true],
    [[2, 3, 5], false],
    [[5, 3], true],
    [[5, 3], false],
    [[3, 0], true],
    [[0, 3, 3], false],
  ] as const)('of %j, full %s', (shape, fullMatrices) => {
    const x = uniform(shape);
    const [u, s, vt] = ops.svd(x, {fullMatrices});
    const k = Math.min(shape.at(-1) ?? 0, shape.at(-2) ?? 0);
    expect(s.shape).toEqual([...shape.slice(0, -2), k]);
    expect(u.dim(-1)).toBe(fullMatrices ? shape.at(-2) : k);
    expect(vt.dim(-2)).toBe(fullMatrices ? shape.at(-1) : k);
    const alone = ops.svd(x, {computeUv: false});
    expect(alone.shape).toEqual(s.shape);
    if (x.size === 0) return;
    expect(distance(alone, s)).toBeLessThan(1e-13);
    const first: `:${number}` = `:${k}`;
    const left = u.at('...', first).mul(s.expandDims(-2));
    expect(distance(left.matmul(vt.at('...', first, ':')), x)).toBeLessThan(1e-13);
  });

  it('is NaN where x is not finite, and goes on with the others', () => {
    const s = ops.svd(
      tensor([
        [
          [1, 0],
          [0, NaN],
        ],
        [
          [3, 0],
          [0, 4],
        ],
      ]),
      {computeUv: false},
    );
    expect(s.array()).toEqual([
      [NaN, NaN],
      [4, 3],
    ]);
  });
});

describe('eigh', () => {
  it('gives eigenpairs in ascending order and reads the lower triangle', () => {
    const half = uniform([3, 6, 6]);
    const x = half.add(turned(half));
    const [values, vectors] = ops.eigh(ops.tril(x));
    expect(distance(x.matmul(vectors), vectors.mul(values.expandDims(-2)))).toBeLessThan(1e-13);
    expect(ops.all(ops.diff(values).greaterEqual(0)).item()).toBe(true);
  });

  it('survives equal eigenvalues, with finite gradients', () => {
    const tape = new GradientTape();
    const x = identity(3);
    tape.watch(x);
    const y = tape.record<Tensor>(() => {
      const [values, vectors] = ops.eigh(x);
      return values.sum().add(vectors.square().sum());
    });
    expect(ops.all(ops.isfinite(tape.gradient(y, x))).item()).toBe(true);
  });
});

describe('eig', () => {
  it('satisfies A v = lambda v', () => {
    for (const shape of [
      [3, 5, 5],
      [1, 1],
      [0, 3, 3],
      [30, 30],
    ]) {
      const x = uniform(shape);
      const [values, vectors] = ops.eig(x);
      expect([values.dtype, vectors.dtype]).toEqual(['complex128', 'complex128']);
      expect([values.shape, vectors.shape]).toEqual([shape.slice(0, -1), shape]);
      if (x.size === 0) continue;
      const [re, im] = [ops.real(vectors), ops.imag(vectors)];
      const [a, b] = [ops.real(values).expandDims(-2), ops.imag(values).expandDims(-2)];
      expect(distance(x.matmul(re), re.mul(a).sub(im.mul(b)))).toBeLessThan(1e-12);
      expect(distance(x.matmul(im), im.mul(a).add(re.mul(b)))).toBeLessThan(1e-12);
    }
    const [turn] = ops.eig([
      [0, 1],
      [-1, 0],
    ]);
    expect(turn.dtype).toBe('complex64');
    expect(ops.abs(turn).array()).toEqual([1, 1]);
    expect(ops.imag(turn).array()).toEqual([1, -1]);
  });
});

describe('ops.linalg', () => {
  it('holds the same functions', () => {
    expect(ops.linalg.svd).toBe(ops.svd);
    // Of Keras 3.15
    const names =
      'cholesky choleskyInverse det eig eigh inv jvp lstsq luFactor matrixPower matrixRank norm pinv qr solve';
    expect(Object.keys(ops.linalg).sort()).toEqual([...names.split(' '), 'solveTriangular', 'svd'].sort());
    expect(Object.values(ops.linalg).every((fn) => typeof fn === 'function')).toBe(true);
  });
});

describe('dtypes and symbolic tensors', () => {
  it('makes integers float32', () => {
    expect(ops.cholesky(tensor([[4]], 'int32')).dtype).toBe('float32');
    expect(ops.eigh(tensor([[4n]], 'int64'))[0].array()).toEqual([4]);
  });

  it('infers open shapes', () => {
    const x = symbol(null, 4, 3);
    expect(ops.qr(x).map(({shape}) => shape)).toEqual([
      [null, 4, 3],
      [null, 3, 3],
    ]);
    expect(ops.svd(x).map(({shape}) => shape)).toEqual([
      [null, 4, 4],
      [null, 3],
      [null, 3, 3],
    ]);
    expect(ops.svd(x, {computeUv: false}).shape).toEqual([null, 3]);
    expect(ops.eigh(symbol(null, 3, 3)).map(({shape}) => shape)).toEqual([
      [null, 3],
      [null, 3, 3],
    ]);
    expect(ops.cholesky(symbol(null, 3, 3), {upper: true}).shape).toEqual([null, 3, 3]);
  });
});

describe('mistakes', () => {
  const flat = tensor([1, 2]);
  const wide = uniform([2, 3]);
  const singular = tensor([
    [1, 2],
    [2, 4],
  ]);
  it.each<[() => unknown, new (message: string) => Error, string]>([
    [() => ops.cholesky(flat), ShapeError, 'cholesky: x must have rank 2 or more, got shape (2,)'],
    [
      () => ops.cholesky(wide),
      ShapeError,
      'cholesky: x must have square matrices in its last two axes, got shape (2,3)',
    ],
    [
      () => ops.cholesky(singular),
      ValueError,
      'cholesky: the matrix must be symmetric positive definite, matrix 0 of 1 is not',
    ],
    [
      () => ops.cholesky(ops.eye(2, 2, {dtype: 'float16'})),
      DtypeError,
      "cholesky: x must have float32 or float64, got float16 of shape (2,2); convert it with cast('float32')",
    ],
    [
      () => ops.cholesky(singular, {uper: true} as object),
      UnknownOptionError,
      'cholesky: unknown option "uper"; did you mean "upper"?',
    ],
    [
      () => ops.choleskyInverse(wide),
      ShapeError,
      'choleskyInverse: a must have square matrices in its last two axes, got shape (2,3)',
    ],
    [() => ops.choleskyInverse(flat), ShapeError, 'choleskyInverse: a must have rank 2 or more, got shape (2,)'],
    [() => ops.luFactor(singular), ValueError, 'luFactor: the matrix must be invertible, matrix 0 of 1 is singular'],
    [
      () => ops.luFactor(wide),
      ShapeError,
      'luFactor: x must have square matrices in its last two axes, got shape (2,3)',
    ],
    [() => ops.qr(flat), ShapeError, 'qr: x must have rank 2 or more, got shape (2,)'],
    [
      () => ops.qr(wide, {mode: 'full'} as object),
      ValueError,
      "qr: mode must be one of 'reduced', 'complete', got \"full\"",
    ],
    [() => ops.svd(flat), ShapeError, 'svd: x must have rank 2 or more, got shape (2,)'],
    [() => ops.svd(wide, {full_matrices: false} as object), UnknownOptionError, 'here it is called "fullMatrices"'],
    [() => ops.eig(wide), ShapeError, 'eig: x must have square matrices in its last two axes, got shape (2,3)'],
    [() => ops.eig([[Infinity]]), ValueError, 'eig: the matrix must be finite, matrix 0 of 1 has no eigenvalues'],
    [() => ops.eigh(wide), ShapeError, 'eigh: x must have square matrices in its last two axes, got shape (2,3)'],
    [() => ops.eigh([[NaN]]), ValueError, 'eigh: the matrix must be finite, matrix 0 of 1 has no eigenvalues'],
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

  it('are gradients that do not exist', () => {
    const gradient = (fn: (x: Tensor) => Tensor, x: Tensor) => {
      const tape = new GradientTape();
      tape.watch(x);
      const y = tape.record<Tensor>(() => fn(x).sum());
      return () => tape.gradient(y, x);
    };
    expect(gradient((x) => ops.qr(x, {mode: 'complete'})[0], uniform([4, 2]))).toThrow(GradientError);
    expect(gradient((x) => ops.svd(x)[0], uniform([4, 2]))).toThrow(
      'svd: with fullMatrices there is a gradient only where rows and columns differ by 1 at most, got x (4,2)',
    );
  });
});
