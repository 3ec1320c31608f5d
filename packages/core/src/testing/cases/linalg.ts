import {ops, type Tensor} from '../../index.js';
import {uniform} from '../values.js';
import {type PrimitiveCase, type PrimitiveCases} from './case.js';

const SHAPES = [
  [3, 3],
  [1, 1],
  [2, 4, 4],
  [0, 3, 3],
] as const;

const turned = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);

/** Far from singular: n on the diagonal. */
const invertible = (shape: readonly number[], seed = 1): Tensor => {
  const n = shape.at(-1) ?? 1;
  return uniform(shape, -1, 1, seed).add(ops.eye(n, n, {dtype: 'float64'}).mul(n));
};

const positive = (shape: readonly number[]): Tensor => {
  const x = invertible(shape);
  return x.matmul(turned(x));
};

/** Eigenvalues and singular values that are far from each other. */
const distinct = (shape: readonly number[], seed = 2): Tensor => {
  const n = shape.at(-1) ?? 1;
  const ladder = ops.eye(n, n, {dtype: 'float64'}).mul(ops.arange(1, n + 1, 1, 'float64').mul(3));
  return uniform(shape, -0.5, 0.5, seed).add(ladder);
};

const of = (make: (shape: readonly number[]) => Tensor, attributes?: unknown): PrimitiveCases =>
  SHAPES.map((shape) => () => ({inputs: [make(shape)], attributes}));

const systems = (attributes: readonly object[]): PrimitiveCases =>
  attributes.flatMap((given) =>
    (
      [
        [
          [3, 3],
          [3, 2],
        ],
        [
          [1, 1],
          [1, 1],
        ],
        [
          [2, 3, 3],
          [2, 3, 1],
        ],
        // Broadcast both ways
        [
          [2, 1, 3, 3],
          [3, 3, 2],
        ],
        [
          [0, 2, 2],
          [0, 2, 3],
        ],
      ] as const
    ).map(([a, b]) => (): PrimitiveCase => ({inputs: [invertible(a), uniform(b)], attributes: given})),
  );

const rectangular = (shapes: readonly (readonly number[])[], attributes: unknown): readonly (() => PrimitiveCase)[] =>
  shapes.map((shape) => () => ({inputs: [ladder(shape)], attributes}));

/** Singular values apart from each other: rows of very different lengths. */
const ladder = (shape: readonly number[]): Tensor => {
  const [m = 1, n = 1] = shape.slice(-2);
  return uniform(shape, -0.3, 0.3, 4).add(
    ops.eye(m, n, {dtype: 'float64'}).mul(ops.arange(1, n + 1, 1, 'float64').mul(2)),
  );
};

/** Linear algebra. */
export const LINALG: Readonly<Record<string, PrimitiveCases>> = {
  // The gradient is that of symmetric changes.
  cholesky: SHAPES.map((shape) => () => ({
    inputs: [positive(shape)],
    attributes: {strict: true},
    prepare: (x) => x.add(turned(x)).mul(0.5),
  })),
  determinant: of(invertible),
  log_determinant: of(invertible),
  inverse: of(invertible),
  solve: systems([{adjoint: false}, {adjoint: true}]),
  triangular_solve: systems([
    {lower: true, adjoint: false},
    {lower: false, adjoint: false},
    {lower: true, adjoint: true},
    {lower: false, adjoint: true},
  ]),
  qr: [
    ...rectangular(
      [
        [3, 3],
        [5, 2],
        [2, 4],
        [2, 3, 2],
        [1, 1],
        [0, 2, 2],
      ],
      {complete: false},
    ),
    ...rectangular(
      [
        [3, 3],
        [2, 4],
      ],
      {complete: true},
    ),
  ],
  eigh: of(distinct),
  svd: [
    ...rectangular(
      [
        [3, 3],
        [5, 2],
        [2, 4],
        [2, 3, 2],
        [1, 1],
        [0, 2, 2],
      ],
      {full: false},
    ),
    ...rectangular(
      [
        [3, 3],
        [4, 3],
        [2, 3],
      ],
      {full: true},
    ),
  ],
  singular_values: rectangular(
    [
      [3, 3],
      [5, 2],
      [2, 4],
      [2, 3, 2],
      [1, 1],
      [0, 2, 2],
    ],
    undefined,
  ),
};
