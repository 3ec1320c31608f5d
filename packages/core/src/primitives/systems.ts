import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {eye} from '../ops/create.js';
import {broadcastShapes, type Shape, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {adjoint, batchOf, checkSquare, lowerHalf, triangleOf} from './matrices.js';
import {given, requireSameDType, unbroadcast} from './rules.js';

// Factors, determinants and solutions of square systems. Gradients are TensorFlow's (linalg_grad.py), which follow Giles, "An
// extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation" (2008).

const square = ([x]: readonly Spec[], _: unknown, op: string): Spec => {
  const input = given(x, op);
  checkSquare(op, input, 'x');
  return input;
};

export interface CholeskyAttributes {
  /** Whether a matrix that is not positive definite is an error; otherwise its factor is NaN. */
  readonly strict: boolean;
}

/** The lower triangular L with L L^T = x, of which only the lower triangle is read. */
export const cholesky: Primitive<CholeskyAttributes> = definePrimitive('cholesky', {
  inputs: ['x'],
  outputs: ['l'],
  infer: square,
  run: {kind: 'contiguous', encode: ({strict}: CholeskyAttributes) => [Number(strict)]},
  gradient: {
    saves: ['l'],
    // S = L^-T P(L^T dL) L^-1 with P the lower triangle, its diagonal halved; dX = (S + S^T) / 2
    vjp: ({l}, dl) => {
      const n = l.dim(-1);
      const inverted: Tensor = apply(triangularSolve, [l, eye(n, n, {dtype: l.dtype})], {lower: true, adjoint: false});
      const middle = lowerHalf(adjoint(l).matmul(dl));
      const s = adjoint(inverted).matmul(middle).matmul(inverted);
      return [s.add(adjoint(s)).mul(0.5)];
    },
  },
});

/** L (below the diagonal, its own is 1) and U in one matrix, and where each row of x is in L U (int32). No gradient, as in TensorFlow. */
export const luFactor: Primitive = definePrimitive('lu_factor', {
  inputs: ['x'],
  outputs: ['lu', 'places'],
  infer: (inputs: readonly Spec[], _: undefined, op): readonly Spec[] => {
    const input = square(inputs, undefined, op);
    return [input, {shape: input.shape.slice(0, -1), dtype: 'int32'}];
  },
  run: {kind: 'contiguous'},
  gradient: null,
});

/** The determinants of matrices. */
export const determinant: Primitive = definePrimitive('determinant', {
  inputs: ['x'],
  infer: (inputs: readonly Spec[], _: undefined, op): Spec => {
    const input = square(inputs, undefined, op);
    return {shape: batchOf(input), dtype: input.dtype};
  },
  run: {kind: 'contiguous'},
  // dX = dy y X^-T
  gradient: {saves: ['x', 'y'], vjp: ({x, y}, dy) => [overMatrices(dy.mul(y)).mul(transposedInverse(x))]},
});

/** Signs and logarithms of the sizes of determinants. */
export const logDeterminant: Primitive = definePrimitive('log_determinant', {
  inputs: ['x'],
  outputs: ['sign', 'logarithm'],
  infer: (inputs: readonly Spec[], _: undefined, op): readonly Spec[] => {
    const input = square(inputs, undefined, op);
    const one: Spec = {shape: batchOf(input), dtype: input.dtype};
    return [one, one];
  },
  run: {kind: 'contiguous'},
  gradient: {
    saves: ['x'],
    // Signs do not change. dX = dy X^-T
    vjp: ({x}, _, {cotangents: [, dy = null]}) => [
      dy === null ? x.zerosLike() : overMatrices(dy).mul(transposedInverse(x)),
    ],
  },
});

const overMatrices = (dy: Tensor): Tensor => dy.reshape([...dy.shape.map(Number), 1, 1]);

const transposedInverse = (x: Tensor): Tensor => adjoint(apply(inverse, [x], undefined, 'gradient'));

/** The inverses of matrices; a singular one is an error. */
export const inverse: Primitive = definePrimitive('inverse', {
  inputs: ['x'],
  infer: square,
  run: {kind: 'contiguous'},
  // dX = -Y^T dY Y^T
  gradient: {saves: ['y'], vjp: ({y}, dy) => [adjoint(y).matmul(dy).matmul(adjoint(y)).neg()]},
});

function systemShape(op: string, a: Spec, b: Spec): {batch: Shape; n: number | null; m: number | null} {
  requireSameDType(op, ['a', 'b'], [a, b]);
  const n = checkSquare(op, a, 'a');
  const [rows = null, m = null] = b.shape.slice(-2);
  if (b.shape.length < 2) throw new ShapeError(`${op}: b must have rank 1 or more, got shape ${show(b.shape)}`);
  if (n !== null && rows !== null && n !== rows) {
    throw new ShapeError(`${op}: b must have as many rows as a, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  const batch = broadcastShapes(batchOf(a), batchOf(b));
  if (batch === null) {
    throw new ShapeError(`${op}: batch dimensions must broadcast, got a ${show(a.shape)} and b ${show(b.shape)}`);
  }
  return {batch, n: n ?? rows, m};
}

const system = ([a, b]: readonly Spec[], _: unknown, op: string): Spec => {
  const left = given(a, op);
  const {batch, n, m} = systemShape(op, left, given(b, op));
  return {shape: [...batch, n, m], dtype: left.dtype};
};

const withBatch = (inputs: readonly Spec[], outputs: readonly Spec[], index: number): Shape => [
  ...batchOf(given(outputs[0], 'solve')),
  ...given(inputs[index], 'solve').shape.slice(-2),
];

export interface SolveAttributes {
  /** Whether the transpose of a is meant. */
  readonly adjoint: boolean;
}

/** y with a y = b; a singular matrix is an error. */
export const solve: Primitive<SolveAttributes> = definePrimitive('solve', {
  inputs: ['a', 'b'],
  infer: system,
  run: {
    kind: 'contiguous',
    encode: ({adjoint: turned}: SolveAttributes) => [Number(turned)],
    broadcast: withBatch,
  },
  // dB = A^-T dY, dA = -dB Y^T
  gradient: {
    saves: ['a', 'y'],
    vjp: ({a, y}, dy, {inputs, needs, attributes}) => {
      const db: Tensor = apply(solve, [a, dy], {adjoint: !attributes.adjoint}, 'gradient');
      const da = () => (attributes.adjoint ? y.matmul(adjoint(db)) : db.matmul(adjoint(y))).neg();
      return [
        needs[0] === true ? unbroadcast(da(), given(inputs[0], 'solve')) : null,
        needs[1] === true ? unbroadcast(db, given(inputs[1], 'solve')) : null,
      ];
    },
  },
});

export interface TriangularSolveAttributes extends SolveAttributes {
  /** Which triangle of a is read. */
  readonly lower: boolean;
}

/** y with a y = b for triangular a; a zero on its diagonal divides by zero. */
export const triangularSolve: Primitive<TriangularSolveAttributes> = definePrimitive('triangular_solve', {
  inputs: ['a', 'b'],
  infer: system,
  run: {
    kind: 'contiguous',
    encode: ({lower, adjoint: turned}: TriangularSolveAttributes) => [Number(lower), Number(turned)],
    broadcast: withBatch,
  },
  // dB = A^-T dY, dA = the triangle of -dB Y^T
  gradient: {
    saves: ['a', 'y'],
    vjp: ({a, y}, dy, {inputs, needs, attributes}) => {
      const {lower, adjoint: turned} = attributes;
      const db: Tensor = apply(triangularSolve, [a, dy], {lower, adjoint: !turned}, 'gradient');
      const da = () => triangleOf((turned ? y.matmul(adjoint(db)) : db.matmul(adjoint(y))).neg(), lower);
      return [
        needs[0] === true ? unbroadcast(da(), given(inputs[0], 'triangular_solve')) : null,
        needs[1] === true ? unbroadcast(db, given(inputs[1], 'triangular_solve')) : null,
      ];
    },
  },
});
