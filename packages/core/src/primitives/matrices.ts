import {DtypeError, ShapeError} from '../errors.js';
import {type Spec} from '../engine/primitive.js';
import {diagonal, tril, triu} from '../ops/arrange.js';
import {eye} from '../ops/create.js';
import {where} from '../ops/elementwise.js';
import {type Shape, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';

// What the primitives of linear algebra share: rules for matrices in the last two axes, and the pieces of their gradients.

/** Float32 or float64, rank 2 or more; sizes of the last two axes. */
export function checkMatrix(op: string, {shape, dtype}: Spec, name: string): readonly [number | null, number | null] {
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw new DtypeError(
      `${op}: ${name} must have float32 or float64, got ${dtype} of shape ${show(shape)}; convert it with cast('float32')`,
    );
  }
  if (shape.length < 2) throw new ShapeError(`${op}: ${name} must have rank 2 or more, got shape ${show(shape)}`);
  const [m = null, n = null] = shape.slice(-2);
  return [m, n];
}

/** The size of square matrices. */
export function checkSquare(op: string, spec: Spec, name: string): number | null {
  const [m, n] = checkMatrix(op, spec, name);
  if (m !== null && n !== null && m !== n) {
    throw new ShapeError(
      `${op}: ${name} must have square matrices in its last two axes, got shape ${show(spec.shape)}`,
    );
  }
  return m ?? n;
}

/** Axes before those of the matrices. */
export const batchOf = ({shape}: Spec): Shape => shape.slice(0, -2);

/** Matrices turned over. */
export function adjoint(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i);
  const rank = axes.length;
  axes[rank - 2] = rank - 1;
  axes[rank - 1] = rank - 2;
  return x.transpose(axes);
}

const onDiagonal = (n: number): Tensor<boolean> => eye(n).cast('bool');

/** Diagonal matrices with the last axis of x as diagonals. */
export function diagonalMatrices(x: Tensor): Tensor {
  return where(onDiagonal(x.dim(-1)), x.expandDims(-1), 0);
}

/** The same matrices with zeros on their diagonals. */
export const withoutDiagonal = (x: Tensor): Tensor => where(onDiagonal(x.dim(-1)), 0, x);

/** The diagonals of matrices, as the last axis. */
export const diagonalsOf = (x: Tensor): Tensor => diagonal(x, {axis1: -2, axis2: -1});

/** The lower triangles with their diagonals halved: half of the whole where matrices are symmetric. */
export const lowerHalf = (x: Tensor): Tensor => tril(x).sub(diagonalMatrices(diagonalsOf(x)).mul(0.5));

/** One triangle. */
export const triangleOf = (x: Tensor, lower: boolean): Tensor => (lower ? tril(x) : triu(x));

/** x / (x^2 + 1e-20): 1 / x, but 0 at 0, as in TensorFlow. */
export const safeReciprocal = (x: Tensor): Tensor => x.div(x.square().add(1e-20));

/** f[i, j] = 1 / (x[j] - x[i]), 0 on the diagonal. */
export function differences(x: Tensor): Tensor {
  return withoutDiagonal(safeReciprocal(x.expandDims(-2).sub(x.expandDims(-1))));
}

/** The last axis cut at a position. */
export function splitLast(x: Tensor, at: number): [Tensor, Tensor] {
  return [x.at('...', `:${at}`), x.at('...', `${at}:`)];
}
