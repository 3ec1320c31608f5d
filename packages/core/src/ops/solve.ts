import {ShapeError, ValueError} from '../errors.js';
import {apply, applyAll} from '../engine/dispatch.js';
import {singularValues} from '../primitives/decompositions.js';
import {adjoint, checkMatrix, checkSquare, diagonalsOf} from '../primitives/matrices.js';
import {given} from '../primitives/rules.js';
import * as systems from '../primitives/systems.js';
import {show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toFloatPair} from './convert.js';
import {eye} from './create.js';
import {where} from './elementwise.js';
import {svd} from './factorization.js';
import {log} from './elementwise.js';
import {max, sum} from './reduction.js';

// Determinants, inverses and solutions of systems, for matrices in the last two axes. Float32 and float64; integers become floatx.

/** Determinants (...) of square matrices (..., n, n), by LU factorization. The gradient needs an invertible matrix. */
export const det = (x: AnyTensorLike): Tensor => apply(systems.determinant, [toFloat(x, 'det')], undefined, 'det');

/**
 * The signs (1, -1, or 0 where a matrix is singular) and the logarithms of the sizes of the determinants of square matrices
 * (..., n, n). The gradient needs invertible matrices.
 *
 * @example
 * const [sign, logarithm] = ops.slogdet([[0, 2], [3, 0]]); // -1, log 6
 */
export function slogdet(x: AnyTensorLike): [sign: Tensor, logarithm: Tensor] {
  const [sign, logarithm] = applyAll(systems.logDeterminant, [toFloat(x, 'slogdet')], undefined, 'slogdet');
  return [given(sign, 'slogdet'), given(logarithm, 'slogdet')];
}

/** Logarithms of the determinants of symmetric positive definite matrices (..., n, n), by Cholesky; NaN where one is not. */
export function logdet(x: AnyTensorLike): Tensor {
  const l: Tensor = apply(systems.cholesky, [toFloat(x, 'logdet')], {strict: false}, 'logdet');
  return sum(log(diagonalsOf(l)), -1).mul(2);
}

/**
 * The inverses of square matrices (..., n, n).
 *
 * @throws ValueError where a matrix is singular.
 */
export const inv = (x: AnyTensorLike): Tensor => apply(systems.inverse, [toFloat(x, 'inv')], undefined, 'inv');

/** Whether b is a batch of vectors, one for each matrix of a. */
const hasVectors = (a: Tensor, b: Tensor): boolean => b.ndim === a.ndim - 1;

/** Vectors become columns; `fn` gives columns. */
function withColumns(a: Tensor, b: Tensor, op: string, fn: (columns: Tensor) => Tensor): Tensor {
  checkSquare(op, a, 'a');
  if (b.ndim === 0) throw new ShapeError(`${op}: b must have rank 1 or more, got a scalar`);
  return hasVectors(a, b) ? fn(b.expandDims(-1)).squeeze(-1) : fn(b);
}

/**
 * x with a x = b for square matrices a (..., n, n) and b (..., n) or (..., n, m), by LU factorization. Batch axes broadcast.
 *
 * @throws ValueError where a matrix is singular.
 * @example
 * ops.solve([[3, 1], [1, 2]], [9, 8]); // [2, 3]
 */
export function solve(a: AnyTensorLike, b: AnyTensorLike): Tensor {
  const [matrices, values] = toFloatPair(a, b, 'solve');
  return withColumns(matrices, values, 'solve', (columns) =>
    apply(systems.solve, [matrices, columns], {adjoint: false}, 'solve'),
  );
}

export interface SolveTriangularOptions {
  /** Which triangle of a is read. Default false: the upper one. */
  lower?: boolean | undefined;
}

/**
 * x with a x = b for triangular matrices a (..., n, n) and b (..., n) or (..., n, m). A zero on the diagonal divides by zero. Batch
 * axes broadcast.
 */
export function solveTriangular(a: AnyTensorLike, b: AnyTensorLike, options: SolveTriangularOptions = {}): Tensor {
  const op = 'solveTriangular';
  checkOptions(op, options, ['lower'], {upper: 'lower'});
  const [matrices, values] = toFloatPair(a, b, op);
  return withColumns(matrices, values, op, (columns) =>
    apply(systems.triangularSolve, [matrices, columns], {lower: options.lower === true, adjoint: false}, op),
  );
}

/** The distance from 1 to the next number of the dtype. */
const epsilonOf = ({dtype}: Tensor): number => (dtype === 'float32' ? 2 ** -23 : 2 ** -52);

export interface RcondOptions {
  /** Singular values at most this times the largest count as zero. */
  rcond?: number | null | undefined;
}

/**
 * x that makes |a x - b| least, and among those the shortest, for one matrix a (m, n) and b (m,) or (m, k), by SVD. `rcond` defaults
 * to max(m, n) times the dtype's epsilon; a negative one stands for that epsilon.
 *
 * @example
 * ops.lstsq([[1, 0], [1, 1], [1, 2]], [1, 3, 5]); // [1, 2]: the line 1 + 2 t
 */
export function lstsq(a: AnyTensorLike, b: AnyTensorLike, options: RcondOptions = {}): Tensor {
  checkOptions('lstsq', options, ['rcond']);
  const [matrix, values] = toFloatPair(a, b, 'lstsq');
  if (matrix.ndim !== 2 || values.ndim < 1 || values.ndim > 2) {
    throw new ShapeError(
      `lstsq: a must have rank 2 and b rank 1 or 2, got a ${show(matrix.shape)} and b ${show(values.shape)}`,
    );
  }
  checkMatrix('lstsq', matrix, 'a');
  const [m, n] = [matrix.dim(0), matrix.dim(1)];
  if (values.dim(0) !== m) {
    throw new ShapeError(
      `lstsq: a and b must have as many rows, got a ${show(matrix.shape)} and b ${show(values.shape)}`,
    );
  }
  const epsilon = epsilonOf(matrix);
  const given_ = options.rcond ?? epsilon * Math.max(m, n);
  const inverted = pseudoInverse(matrix, given_ < 0 ? epsilon : given_, true);
  return values.ndim === 1 ? inverted.matmul(values.expandDims(-1)).squeeze(-1) : inverted.matmul(values);
}

/** V diag(1 / s) U^T without the singular values that count as zero; `inclusive` keeps those at the border. */
function pseudoInverse(x: Tensor, rcond: number, inclusive: boolean): Tensor {
  const [u, s, vt] = svd(x, {fullMatrices: false});
  if (s.shape.at(-1) === 0) return adjoint(vt).matmul(adjoint(u));
  const border = max(s, {axis: -1, keepdims: true}).mul(rcond);
  const kept = inclusive ? s.greaterEqual(border).logicalAnd(s.greater(0)) : s.greater(border);
  // NaN stays.
  const dropped = kept.logicalNot().logicalAnd(s.equal(s));
  const inverted = where(dropped, 0, where(dropped, 1, s).reciprocal());
  return adjoint(vt).mul(inverted.expandDims(-2)).matmul(adjoint(u));
}

/**
 * The pseudo-inverses (..., n, m) of matrices (..., m, n), by SVD. `rcond` defaults to 10 max(m, n) times the dtype's epsilon.
 *
 * @example
 * ops.pinv([[1, 0], [0, 0]]); // [[1, 0], [0, 0]]
 */
export function pinv(x: AnyTensorLike, options: RcondOptions = {}): Tensor {
  checkOptions('pinv', options, ['rcond'], {rtol: 'rcond'});
  const value = toFloat(x, 'pinv');
  const [m, n] = checkMatrix('pinv', value, 'x');
  return pseudoInverse(value, options.rcond ?? 10 * Math.max(m ?? 1, n ?? 1) * epsilonOf(value), false);
}

/**
 * How many singular values of matrices (..., m, n) are above `tol` (int32). It defaults to the largest of them times max(m, n) and the
 * dtype's epsilon.
 */
export function matrixRank(x: AnyTensorLike, options: {tol?: number | null | undefined} = {}): Tensor {
  checkOptions('matrixRank', options, ['tol']);
  const value = toFloat(x, 'matrixRank');
  const [m, n] = checkMatrix('matrixRank', value, 'x');
  const s: Tensor = apply(singularValues, [value], undefined, 'matrixRank');
  const scale = Math.max(m ?? 1, n ?? 1) * epsilonOf(value);
  const border = options.tol ?? (s.shape.at(-1) === 0 ? 0 : max(s, {axis: -1, keepdims: true}).mul(scale));
  return sum(castTo(s.greater(border), 'int32'), -1);
}

/**
 * Square matrices (..., n, n) times themselves, n times; the identity for 0, powers of the inverse below. NumPy's function.
 *
 * @throws ValueError where n is not whole, and for n < 0 where a matrix is singular.
 */
export function matrixPower(x: AnyTensorLike, n: number): Tensor {
  if (!Number.isInteger(n)) throw new ValueError(`matrixPower: n must be a whole number, got ${describe(n)}`);
  const value = toFloat(x, 'matrixPower');
  const size = checkSquare('matrixPower', value, 'x');
  let power: Tensor = n < 0 ? apply(systems.inverse, [value], undefined, 'matrixPower') : value;
  if (n === 0) {
    if (size === null) throw new ShapeError(`matrixPower: for n = 0 sizes must be known, got ${show(value.shape)}`);
    return value.zerosLike().add(eye(size, size, {dtype: value.dtype}));
  }
  let result: Tensor | null = null;
  for (let rest = Math.abs(n); ; power = power.matmul(power)) {
    if (rest % 2 === 1) result = result === null ? power : result.matmul(power);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result ?? power;
  }
}
