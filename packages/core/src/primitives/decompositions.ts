import {GradientError} from '../errors.js';
import {apply, applyAll} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {concatenate} from '../ops/shape.js';
import {show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {
  adjoint,
  batchOf,
  checkMatrix,
  checkSquare,
  diagonalMatrices,
  differences,
  lowerHalf,
  safeReciprocal,
  splitLast,
  triangleOf,
} from './matrices.js';
import {given} from './rules.js';
import {triangularSolve} from './systems.js';

// QR, symmetric eigenvalues and singular values. Gradients are TensorFlow's (linalg_grad.py).

const least = (m: number | null, n: number | null): number | null => (m === null || n === null ? null : Math.min(m, n));

/** The gradient of an output, zeros where it has none. */
const orZeros = (dy: Tensor | null | undefined, like: Tensor): Tensor => dy ?? like.zerosLike();

export interface QrAttributes {
  /** Whether q is square. */
  readonly complete: boolean;
}

/** q with orthonormal columns and r upper triangular, q r = x. */
export const qr: Primitive<QrAttributes> = definePrimitive('qr', {
  inputs: ['x'],
  outputs: ['q', 'r'],
  infer: ([x]: readonly Spec[], {complete}: QrAttributes, op): readonly Spec[] => {
    const input = given(x, op);
    const [m, n] = checkMatrix(op, input, 'x');
    const k = complete ? m : least(m, n);
    const batch = batchOf(input);
    return [
      {shape: [...batch, m, k], dtype: input.dtype},
      {shape: [...batch, k, n], dtype: input.dtype},
    ];
  },
  run: {kind: 'contiguous'},
  // Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms for square, wide, and deep, real and
  // complex, matrices and their software implementation" (2020)
  gradient: {
    saves: ['x', 'q', 'r'],
    vjp: ({x, q, r}, _, {cotangents}) => {
      const dq = orZeros(cotangents[0], q);
      const dr = orZeros(cotangents[1], r);
      const rows = q.dim(-2);
      const columns = r.dim(-1);
      if (r.dim(-2) > columns) {
        throw new GradientError(
          `qr: with mode 'complete' and more rows than columns there is no gradient, got x ${show(x.shape)}`,
        );
      }
      if (rows >= columns) return [deepGradient(q, r, dq, dr)];
      // x = [a, b], r = [u, v]: a = q u is square
      const b = splitLast(x, rows)[1];
      const u = splitLast(r, rows)[0];
      const [du, dv] = splitLast(dr, rows);
      const da = deepGradient(q, u, dq.add(b.matmul(adjoint(dv))), du);
      return [concatenate([da, q.matmul(dv)], -1)];
    },
  },
});

/** For matrices with at least as many rows as columns. */
function deepGradient(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor): Tensor {
  const overR = (x: Tensor): Tensor =>
    adjoint(apply(triangularSolve, [r, adjoint(x)], {lower: false, adjoint: false}, 'gradient'));
  const qdq = adjoint(q).matmul(dq);
  const rdr = r.matmul(adjoint(dr));
  const skew = qdq.sub(adjoint(qdq)).add(rdr.sub(adjoint(rdr)));
  return q.matmul(dr.add(overR(triangleOf(skew, true)))).add(overR(dq.sub(q.matmul(qdq))));
}

/** Eigenvalues in ascending order and eigenvectors in columns of symmetric matrices, whose lower triangles are read. */
export const eigh: Primitive = definePrimitive('eigh', {
  inputs: ['x'],
  outputs: ['values', 'vectors'],
  infer: ([x]: readonly Spec[], _: undefined, op): readonly Spec[] => {
    const input = given(x, op);
    const n = checkSquare(op, input, 'x');
    return [
      {shape: [...batchOf(input), n], dtype: input.dtype},
      {shape: [...batchOf(input), n, n], dtype: input.dtype},
    ];
  },
  run: {kind: 'contiguous'},
  // S = V (diag(dw) + F * V^T dV) V^T with F[i, j] = 1 / (w[j] - w[i]); the lower triangle of S + S^T, its diagonal halved
  gradient: {
    saves: ['values', 'vectors'],
    vjp: ({values, vectors}, _, {cotangents: [dw = null, dv = null]}) => {
      let middle = diagonalMatrices(orZeros(dw, values));
      if (dv !== null) middle = middle.add(differences(values).mul(adjoint(vectors).matmul(dv)));
      const s = vectors.matmul(middle).matmul(adjoint(vectors));
      return [lowerHalf(s.add(adjoint(s)))];
    },
  },
});

export interface SvdAttributes {
  /** Whether u and v are square. */
  readonly full: boolean;
}

/** Singular values in descending order, u and v with x = u diag(s) v^T. */
export const svd: Primitive<SvdAttributes> = definePrimitive('svd', {
  inputs: ['x'],
  outputs: ['s', 'u', 'v'],
  infer: ([x]: readonly Spec[], {full: whole}: SvdAttributes, op): readonly Spec[] => {
    const input = given(x, op);
    const {dtype} = input;
    const [m, n] = checkMatrix(op, input, 'x');
    const k = least(m, n);
    const batch = batchOf(input);
    return [
      {shape: [...batch, k], dtype},
      {shape: [...batch, m, whole ? m : k], dtype},
      {shape: [...batch, n, whole ? n : k], dtype},
    ];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x', 's', 'u', 'v'],
    vjp: ({x, s, u, v}, _, {cotangents, attributes}) => {
      const [m, n] = [x.dim(-2), x.dim(-1)];
      if (attributes.full && Math.abs(m - n) > 1) {
        throw new GradientError(
          `svd: with fullMatrices there is a gradient only where rows and columns differ by 1 at most, got x ${show(x.shape)}`,
        );
      }
      const ds = orZeros(cotangents[0], s);
      const du = orZeros(cotangents[1], u);
      const dv = orZeros(cotangents[2], v);
      return [m > n ? adjoint(wideGradient(s, v, u, ds, dv, du)) : wideGradient(s, u, v, ds, du, dv)];
    },
  },
});

/**
 * For matrices with at least as many columns as rows: Giles (2008), and Townsend, "Differentiating the singular value
 * decomposition" (2016). Infinite where singular values are equal; kept finite as in TensorFlow.
 */
function wideGradient(s: Tensor, u: Tensor, v: Tensor, ds: Tensor, du: Tensor, dv: Tensor): Tensor {
  const m = s.dim(-1);
  const f = differences(s.square());
  const values = diagonalMatrices(s);
  const [v1, v2] = splitLast(v, m);
  const [dv1, dv2] = splitLast(dv, m);
  const fu = f.mul(adjoint(u).matmul(du));
  const fv = f.mul(adjoint(v1).matmul(dv1));
  const inner = diagonalMatrices(ds)
    .add(fu.add(adjoint(fu)).matmul(values))
    .add(values.matmul(fv.add(adjoint(fv))));
  const first = u.matmul(inner).matmul(adjoint(v1));
  if (v.dim(-2) === m) return first;
  const turned = adjoint(dv1);
  let outside = turned.sub(turned.matmul(v1).matmul(adjoint(v1)));
  if (v2.dim(-1) > 0) outside = outside.sub(adjoint(v1).matmul(dv2).matmul(adjoint(v2)));
  return first.add(u.mul(safeReciprocal(s).expandDims(-2)).matmul(outside));
}

/** Singular values alone, in descending order. */
export const singularValues: Primitive = definePrimitive('singular_values', {
  inputs: ['x'],
  outputs: ['s'],
  infer: ([x]: readonly Spec[], _: undefined, op): Spec => {
    const input = given(x, op);
    const [m, n] = checkMatrix(op, input, 'x');
    return {shape: [...batchOf(input), least(m, n)], dtype: input.dtype};
  },
  run: {kind: 'contiguous'},
  // dX = U diag(ds) V^T
  gradient: {
    saves: ['x'],
    vjp: ({x}, ds) => {
      const [, u, v] = applyAll(svd, [x], {full: false}, 'gradient');
      return [
        given(u, 'svd')
          .mul(ds.expandDims(-2))
          .matmul(adjoint(given(v, 'svd'))),
      ];
    },
  },
});

/**
 * Eigenvalues and eigenvectors of length 1 in columns of general matrices (complex). No gradient: TensorFlow's would need complex
 * solutions of systems.
 */
export const eig: Primitive = definePrimitive('eig', {
  inputs: ['x'],
  outputs: ['values', 'vectors'],
  infer: ([x]: readonly Spec[], _: undefined, op): readonly Spec[] => {
    const input = given(x, op);
    const n = checkSquare(op, input, 'x');
    const dtype = input.dtype === 'float32' ? 'complex64' : 'complex128';
    return [
      {shape: [...batchOf(input), n], dtype},
      {shape: [...batchOf(input), n, n], dtype},
    ];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});
