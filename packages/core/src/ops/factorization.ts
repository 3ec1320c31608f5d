import {apply, applyAll} from '../engine/dispatch.js';
import * as decompositions from '../primitives/decompositions.js';
import {adjoint} from '../primitives/matrices.js';
import {given} from '../primitives/rules.js';
import * as systems from '../primitives/systems.js';
import {checkChoice, checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toFloat} from './convert.js';
import {eye} from './create.js';

// Factorizations of the matrices in the last two axes, for float32 and float64 (integers become floatx). Leading axes are a batch.

export interface TriangleOptions {
  /** Whether the upper triangular factor is meant. Default false: the lower one. */
  upper?: boolean | undefined;
}

/**
 * The lower triangular L with L L^T = x (or, with `upper`, L^T), for symmetric positive definite matrices (..., n, n). Only the
 * lower triangle of x is read.
 *
 * @throws ValueError where a matrix is not positive definite.
 * @example
 * ops.cholesky([[4, 2], [2, 5]]); // [[2, 0], [1, 2]]
 */
export function cholesky(x: AnyTensorLike, options: TriangleOptions = {}): Tensor {
  checkOptions('cholesky', options, ['upper'], {lower: 'upper'});
  const l: Tensor = apply(systems.cholesky, [toFloat(x, 'cholesky')], {strict: true}, 'cholesky');
  return options.upper === true ? adjoint(l) : l;
}

/**
 * The inverse of a matrix from its Cholesky factor (..., n, n): (L L^T)^-1, or with `upper` (U^T U)^-1. Only that triangle is read.
 *
 * @example
 * ops.choleskyInverse(ops.cholesky(a)); // ops.inv(a)
 */
export function choleskyInverse(x: AnyTensorLike, options: TriangleOptions = {}): Tensor {
  checkOptions('choleskyInverse', options, ['upper'], {lower: 'upper'});
  const factor = toFloat(x, 'choleskyInverse');
  const lower = options.upper !== true;
  const n = factor.shape.at(-1);
  const identity = eye(typeof n === 'number' ? n : 1, undefined, {dtype: factor.dtype});
  const inverted: Tensor = apply(
    systems.triangularSolve,
    [factor, identity],
    {lower, adjoint: false},
    'choleskyInverse',
  );
  return lower ? adjoint(inverted).matmul(inverted) : inverted.matmul(adjoint(inverted));
}

/**
 * The LU factorization with partial pivoting of square matrices (..., n, n): L below the diagonal (its own is 1) and U in one matrix,
 * and int32 positions (..., n): row i of x is row positions[i] of L U. No gradient, as in TensorFlow.
 *
 * @throws ValueError where a matrix is singular.
 * @example
 * const [lu, positions] = ops.luFactor(a);
 */
export function luFactor(x: AnyTensorLike): [lu: Tensor, positions: Tensor] {
  const [lu, positions] = applyAll(systems.luFactor, [toFloat(x, 'luFactor')], undefined, 'luFactor');
  return [given(lu, 'luFactor'), given(positions, 'luFactor')];
}

export interface QrOptions {
  /** 'reduced': q (..., m, k) and r (..., k, n) with k = min(m, n); 'complete': k = m. Default 'reduced'. */
  mode?: 'reduced' | 'complete' | undefined;
}

/**
 * Matrices (..., m, n) as q with orthonormal columns times r upper triangular, by Householder reflections. Signs are LAPACK's.
 *
 * @example
 * const [q, r] = ops.qr(a);
 */
export function qr(x: AnyTensorLike, options: QrOptions = {}): [q: Tensor, r: Tensor] {
  checkOptions('qr', options, ['mode']);
  const {mode = 'reduced'} = options;
  checkChoice('qr', 'mode', mode, ['reduced', 'complete']);
  const [q, r] = applyAll(decompositions.qr, [toFloat(x, 'qr')], {complete: mode === 'complete'}, 'qr');
  return [given(q, 'qr'), given(r, 'qr')];
}

export interface SvdOptions {
  /** Whether u (..., m, m) and vt (..., n, n) are square; otherwise they have min(m, n) columns and rows. Default true. */
  fullMatrices?: boolean | undefined;
  /** Whether u and vt are computed. Default true. */
  computeUv?: boolean | undefined;
}

/**
 * Singular values in descending order and vectors of matrices (..., m, n): [u, s, vt] with x = u diag(s) vt, or with
 * `computeUv: false` s alone. Where x is not finite they are NaN.
 *
 * @example
 * const [u, s, vt] = ops.svd(a, {fullMatrices: false});
 */
export function svd(x: AnyTensorLike, options: SvdOptions & {computeUv: false}): Tensor;
export function svd(
  x: AnyTensorLike,
  options?: SvdOptions & {computeUv?: true | undefined},
): [u: Tensor, s: Tensor, vt: Tensor];
export function svd(x: AnyTensorLike, options?: SvdOptions): Tensor | [u: Tensor, s: Tensor, vt: Tensor];
export function svd(x: AnyTensorLike, options: SvdOptions = {}): Tensor | [u: Tensor, s: Tensor, vt: Tensor] {
  checkOptions('svd', options, ['fullMatrices', 'computeUv'], {full_matrices: 'fullMatrices', compute_uv: 'computeUv'});
  const value = toFloat(x, 'svd');
  if (options.computeUv === false) return apply(decompositions.singularValues, [value], undefined, 'svd');
  const [s, u, v] = applyAll(decompositions.svd, [value], {full: options.fullMatrices !== false}, 'svd');
  return [given(u, 'svd'), given(s, 'svd'), adjoint(given(v, 'svd'))];
}

/**
 * Eigenvalues (..., n) in ascending order and eigenvectors (..., n, n), in columns, of symmetric matrices. Only the lower triangle of
 * x is read.
 *
 * @throws ValueError where a matrix is not finite.
 * @example
 * const [values, vectors] = ops.eigh([[2, 1], [1, 2]]); // values [1, 3]
 */
export function eigh(x: AnyTensorLike): [values: Tensor, vectors: Tensor] {
  const [values, vectors] = applyAll(decompositions.eigh, [toFloat(x, 'eigh')], undefined, 'eigh');
  return [given(values, 'eigh'), given(vectors, 'eigh')];
}

/**
 * Eigenvalues (..., n) and eigenvectors (..., n, n) of length 1, in columns, of general real matrices: complex64 for float32, complex128
 * for float64, in no certain order; pairs of conjugates stand together. No gradient.
 *
 * @throws ValueError where a matrix is not finite.
 * @example
 * const [values] = ops.eig([[0, 1], [-1, 0]]); // i and -i
 */
export function eig(x: AnyTensorLike): [values: Tensor, vectors: Tensor] {
  const [values, vectors] = applyAll(decompositions.eig, [toFloat(x, 'eig')], undefined, 'eig');
  return [given(values, 'eig'), given(vectors, 'eig')];
}
