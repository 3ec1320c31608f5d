import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {customGradient} from '../ops/gradient.js';
import {castTo} from '../ops/convert.js';
import {scatter} from '../ops/indexing.js';
import {concatenate} from '../ops/shape.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {convertLike} from '../tensor/convert.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {indicesOf, requireOneDType, toSparse} from './create.js';
import {isSparse, type SparseTensor} from './sparse-tensor.js';
import {type SparseValues} from './parts.js';

export interface MatmulOptions {
  /** Whether a is transposed first. Default false. */
  adjointA?: boolean | undefined;
  /** Whether b is transposed first. Default false. */
  adjointB?: boolean | undefined;
}

/** Most elements of what is between gathering rows and adding them up. */
const PIECE = 1 << 21;

/**
 * The matrix product of a sparse and a dense matrix, in either order, as a dense one. Gradients reach the values and the dense matrix.
 *
 * @throws ShapeError where the inner dimensions differ
 */
export function sparseDenseMatmul<E extends Element = number>(
  a: SparseTensor<E> | SparseValues<E>,
  b: SparseValues<E> | SparseTensor<E>,
  options: MatmulOptions = {},
): Tensor<E> {
  const op = 'sparse.sparseDenseMatmul';
  checkOptions(op, options, ['adjointA', 'adjointB'], {transposeA: 'adjointA', transposeB: 'adjointB'});
  const {adjointA = false, adjointB = false} = options;
  if (!isSparse(a)) {
    // (a b)' = b' a'
    const sparse = toSparse<E>(b, op);
    const swapped = {adjointA: !adjointB, adjointB: !adjointA};
    return sparseDenseMatmul<E>(sparse, a, swapped).transpose();
  }
  const dense = convertLike(b, a.dtype, op) as Tensor;
  requireOneDType(op, [a, dense]);
  if (a.ndim !== 2 || dense.ndim !== 2) {
    throw new ShapeError(`${op}: both must be matrices, got ${show(a.shape)} and ${show(dense.shape)}`);
  }
  const right = adjointB ? dense.transpose() : dense;
  const [m = 0, k = 0] = adjointA ? [...a.denseShape].reverse() : a.denseShape;
  if (right.dim(0) !== k) {
    throw new ShapeError(
      `${op}: inner dimensions must match, got ${show([m, k])} and ${show(right.shape)}${adjointA || adjointB ? ' (transposed)' : ''}`,
    );
  }
  const indices = indicesOf(a);
  const [rows, columns] = adjointA
    ? [indices.at(':', 1), indices.at(':', 0)]
    : [indices.at(':', 0), indices.at(':', 1)];
  const made: Tensor<Element> = product(a.values as Tensor<Element> as Tensor, right, rows, columns, m);
  return made as Tensor<E>;
}

/** sum over elements e of values[e] * dense[columns[e]] in row rows[e] */
function product(values: Tensor, dense: Tensor, rows: Tensor, columns: Tensor, m: number): Tensor {
  const fn = customGradient((v: Tensor, d: Tensor) => [
    multiplied(v, d, rows, columns, m),
    // dv[e] = dy[rows[e]] . d[columns[e]],  dd = a' dy
    (dy: Tensor) => [sampled(dy, d, rows, columns), product(v, dy, columns, rows, d.dim(0))],
  ]);
  return fn(values, dense);
}

function multiplied(values: Tensor, dense: Tensor, rows: Tensor, columns: Tensor, m: number): Tensor {
  const shape = [m, dense.dim(1)];
  const piece = (from: number, to: number): Tensor => {
    const part = slice(from, to);
    const scaled = dense.take(columns.at(part), 0).mul(values.at(part).expandDims(1));
    return scatter(rows.at(part).expandDims(1), scaled, shape);
  };
  return inPieces(values.size, shape[1] ?? 1, m, piece)?.reduce((sum, each) => sum.add(each)) ?? piece(0, 0);
}

function sampled(left: Tensor, right: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const piece = (from: number, to: number): Tensor => {
    const part = slice(from, to);
    return left
      .take(rows.at(part), 0)
      .mul(right.take(columns.at(part), 0))
      .sum(1);
  };
  const parts = inPieces(rows.size, left.dim(1), 0, piece);
  return parts === null ? castTo(piece(0, 0), left.dtype) : concatenate(parts);
}

/** Results for pieces of a list of n elements whose rows are `width` wide; null of none. Each piece is worth its own result of `m` rows. */
function inPieces(n: number, width: number, m: number, fn: (from: number, to: number) => Tensor): Tensor[] | null {
  if (n === 0) return null;
  const step = Math.max(Math.floor(PIECE / Math.max(width, 1)), 4 * m, 1);
  return Array.from({length: Math.ceil(n / step)}, (_, i) => fn(i * step, Math.min((i + 1) * step, n)));
}
