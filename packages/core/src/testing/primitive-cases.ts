import {type Element} from '../dtype.js';
import {tensor, type Tensor} from '../index.js';
import {spread, uniform} from './values.js';

// For every primitive: inputs and attributes on which its gradients are compared with finite differences.

/** A call of a primitive. Its float64 inputs are differentiated, or those that `wrt` names. */
export interface PrimitiveCase {
  readonly inputs: readonly Tensor<Element>[];
  readonly attributes?: unknown;
  readonly wrt?: readonly number[];
  /** Default 2: gradients of gradients are checked too. */
  readonly order?: 1 | 2;
}

/** Cases, made when they are needed; or that there is nothing to check since the primitive says `gradient: null`. */
export type PrimitiveCases = readonly (() => PrimitiveCase)[] | 'no gradient';

const ints = (values: number[] | number[][], dtype: 'int32' | 'int64' = 'int32'): Tensor<Element> =>
  tensor(values, dtype);

type Make = (shape: readonly number[], low?: number, high?: number, seed?: number) => Tensor;

const unary = (low: number, high: number, make: Make = uniform): PrimitiveCases =>
  [[3, 5], [1], [0, 4], [2, 1, 7], []].map((shape) => () => ({inputs: [make(shape, low, high)]}));

const PAIRS = [
  [
    [3, 5],
    [3, 5],
  ],
  [[3, 1], [5]],
  [[], [4]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[0, 4], [4]],
  [[1], [1]],
] as const;

const binary = (low = -2, high = 2, rest: Partial<PrimitiveCase> = {}): PrimitiveCases =>
  PAIRS.map(([a, b]) => () => ({inputs: [uniform(a, low, high, 3), uniform(b, low, high, 7)], ...rest}));

/** Both inputs of one shape: what gradients get. */
const sameShape = (
  low: number,
  high: number,
  rest: Partial<PrimitiveCase> = {},
  make: Make = uniform,
): PrimitiveCases =>
  [[3, 5], [1], [0, 4], []].map((shape) => () => ({
    inputs: [uniform(shape, low, high, 3), make(shape, low, high, 7)],
    ...rest,
  }));

/** One case for each list of attributes. */
const each = <A>(attributes: readonly A[], inputs: (given: A) => readonly Tensor<Element>[]): PrimitiveCases =>
  attributes.map((given) => () => ({inputs: inputs(given), attributes: given}));

const axesCases = (make: Make, low = -2, high = 2): PrimitiveCases =>
  [
    {shape: [3, 4], axes: [0]},
    {shape: [3, 4], axes: [1]},
    {shape: [2, 3, 4], axes: [0, 2]},
    {shape: [2, 3, 2], axes: [0, 1, 2]},
    {shape: [1, 3, 1], axes: [0]},
    {shape: [5], axes: []},
    {shape: [], axes: []},
  ].map(({shape, axes}) => () => ({inputs: [make(shape, low, high)], attributes: {axes}}));

const emptyAxes: PrimitiveCases = [() => ({inputs: [uniform([0, 3])], attributes: {axes: [0]}})];

const CONVOLUTIONS = [
  {x: [2, 7, 3], filter: [3, 3, 4], strides: [1], low: [1], high: [1], dilations: [1], groups: 1},
  {x: [2, 5, 4, 3], filter: [3, 2, 3, 4], strides: [2, 1], low: [1, 0], high: [1, 1], dilations: [1, 1], groups: 1},
  {x: [1, 6, 5, 4], filter: [2, 2, 2, 6], strides: [1, 1], low: [0, 0], high: [0, 0], dilations: [2, 1], groups: 2},
  {x: [2, 4, 4, 3], filter: [2, 2, 1, 3], strides: [1, 1], low: [0, 0], high: [0, 0], dilations: [1, 1], groups: 3},
  {x: [1, 1, 1, 1], filter: [1, 1, 1, 1], strides: [1, 1], low: [0, 0], high: [0, 0], dilations: [1, 1], groups: 1},
  {x: [0, 4, 4, 2], filter: [2, 2, 2, 3], strides: [1, 1], low: [0, 0], high: [0, 0], dilations: [1, 1], groups: 1},
  {
    x: [1, 3, 4, 3, 2],
    filter: [2, 2, 2, 2, 2],
    strides: [1, 2, 1],
    low: [0, 1, 0],
    high: [0, 1, 0],
    dilations: [1, 1, 1],
    groups: 1,
  },
] as const;

const outputOf = ({x, filter, strides, low, high, dilations}: (typeof CONVOLUTIONS)[number]): number[] => [
  x[0],
  ...strides.map((stride, i) => {
    const reach = (dilations[i] ?? 1) * ((filter[i] ?? 1) - 1) + 1;
    return Math.floor(((x[i + 1] ?? 0) + (low[i] ?? 0) + (high[i] ?? 0) - reach) / stride) + 1;
  }),
  filter.at(-1) ?? 0,
];

const POOLS = [
  {x: [2, 6, 4, 3], window: [2, 2], strides: [2, 2], low: [0, 0], high: [0, 0]},
  {x: [1, 5, 6, 2], window: [3, 2], strides: [2, 1], low: [1, 0], high: [1, 1]},
  {x: [2, 5, 3], window: [3], strides: [1], low: [0], high: [0]},
  {x: [1, 4, 3, 4, 2], window: [2, 3, 2], strides: [2, 1, 2], low: [0, 1, 0], high: [0, 1, 0]},
  {x: [0, 4, 4, 1], window: [2, 2], strides: [2, 2], low: [0, 0], high: [0, 0]},
] as const;

const pooled = ({x, window, strides, low, high}: (typeof POOLS)[number]): number[] => [
  x[0],
  ...strides.map(
    (stride, i) => Math.floor(((x[i + 1] ?? 0) + (low[i] ?? 0) + (high[i] ?? 0) - (window[i] ?? 1)) / stride) + 1,
  ),
  x.at(-1) ?? 0,
];

/** Window maxima, by loops. */
function maxima(x: Tensor, pool: (typeof POOLS)[number]): Tensor {
  const rank = pool.window.length;
  const [n, ...rest] = pooled(pool);
  const sizes = [n ?? 0, ...rest];
  const values = x.data();
  const xs = x.shape.map(Number);
  const flat = (position: readonly number[], shape: readonly number[]) =>
    position.reduce((at, i, axis) => at * (shape[axis] ?? 1) + i, 0);
  const result = new Float64Array(sizes.reduce((a, b) => a * b, 1)).fill(-Infinity);
  const visit = (position: number[]): void => {
    if (position.length < sizes.length) {
      for (let i = 0; i < (sizes[position.length] ?? 0); i++) visit([...position, i]);
      return;
    }
    const offsets = (offset: number[]): void => {
      if (offset.length < rank) {
        for (let i = 0; i < (pool.window[offset.length] ?? 0); i++) offsets([...offset, i]);
        return;
      }
      const at = position.map((p, axis) =>
        axis === 0 || axis > rank
          ? p
          : p * (pool.strides[axis - 1] ?? 1) + (offset[axis - 1] ?? 0) - (pool.low[axis - 1] ?? 0),
      );
      if (at.some((p, axis) => p < 0 || p >= (xs[axis] ?? 0))) return;
      const here = flat(position, sizes);
      result[here] = Math.max(result[here] ?? 0, values[flat(at, xs)] ?? 0);
    };
    offsets([]);
  };
  visit([]);
  return tensor(result, {shape: sizes});
}

const ACTIVATIONS = ['linear', 'relu', 'sigmoid', 'tanh'] as const;

const softmaxShapes: PrimitiveCases = [[3, 4], [1, 1], [2, 3, 5], [0, 3], [4]].map((shape) => () => ({
  inputs: [uniform(shape)],
}));
const softmaxGradients: PrimitiveCases = [
  [3, 4],
  [1, 1],
  [2, 3, 5],
  [0, 3],
].map((shape) => () => ({
  inputs: [uniform(shape, -2, 2, 3), uniform(shape, 0.1, 0.9, 7)],
}));

const normalization: PrimitiveCases = [
  [6, 3],
  [4, 1],
  [3, 5],
].map((shape) => () => ({
  inputs: [uniform(shape), uniform(shape.slice(-1), 0.5, 2, 3), uniform(shape.slice(-1), -1, 1, 7)],
  attributes: {epsilon: 1e-3},
}));

const ELEMENTWISE: Readonly<Record<string, PrimitiveCases>> = {
  negative: unary(-2, 2),
  abs: unary(-2, 2, spread),
  sign: unary(-2, 2, spread),
  square: unary(-2, 2),
  sqrt: unary(0.5, 4),
  rsqrt: unary(0.5, 4),
  exp: unary(-2, 2),
  expm1: unary(-2, 2),
  log: unary(0.5, 4),
  log1p: unary(-0.5, 4),
  sin: unary(-3, 3),
  cos: unary(-3, 3),
  tan: unary(-1, 1),
  asin: unary(-0.8, 0.8),
  acos: unary(-0.8, 0.8),
  atan: unary(-2, 2),
  sinh: unary(-2, 2),
  cosh: unary(-2, 2),
  tanh: unary(-2, 2),
  asinh: unary(-2, 2),
  acosh: unary(1.5, 4),
  atanh: unary(-0.8, 0.8),
  sigmoid: unary(-3, 3),
  softplus: unary(-3, 3),
  erf: unary(-2, 2),
  reciprocal: unary(0.5, 3),
  relu: unary(-2, 2, spread),
  relu6: unary(-3.1, 8.7, spread),
  silu: unary(-3, 3),
  gelu: unary(-3, 3),
  gelu_tanh: unary(-3, 3),
  elu: unary(-2, 2, spread),
  selu: unary(-2, 2, spread),
  softsign: unary(-2, 2, spread),
  log_sigmoid: unary(-3, 3),
  tanh_gradient: sameShape(-0.9, 0.9),
  sigmoid_gradient: sameShape(0.1, 0.9),
  // Piecewise constant in y.
  relu_gradient: sameShape(-2, 2, {wrt: [0]}, spread),
  add: binary(),
  subtract: binary(),
  multiply: binary(),
  divide: binary(0.5, 2),
  power: binary(0.5, 2),
  maximum: binary(),
  minimum: binary(),
  mod: PAIRS.map(([a, b]) => () => ({inputs: [uniform(a, -3, 3), uniform(b, 0.8, 2)]})),
  squared_difference: binary(),
  atan2: binary(0.5, 2),
  cast: each([{dtype: 'float64'}], () => [uniform([3, 4])]),
  select: [
    () => ({inputs: [tensor([true, false, true, true]), uniform([3, 4]), uniform([3, 4], -2, 2, 9)]}),
    () => ({inputs: [tensor([[true], [false], [true]]), uniform([4]), uniform([], -2, 2, 9)]}),
    () => ({inputs: [tensor([true]), uniform([0, 1]), uniform([1])]}),
  ],
};

const MOVEMENT: Readonly<Record<string, PrimitiveCases>> = {
  reshape: each([{shape: [4, 3]}, {shape: [12]}, {shape: [2, 1, 6]}], () => [uniform([3, 4])]),
  transpose: each([{axes: [1, 0, 2]}, {axes: [2, 0, 1]}, {axes: [0, 1, 2]}], () => [uniform([2, 3, 4])]),
  broadcast_to: [
    () => ({inputs: [uniform([3, 1])], attributes: {shape: [3, 4]}}),
    () => ({inputs: [uniform([])], attributes: {shape: [2, 3]}}),
    () => ({inputs: [uniform([4])], attributes: {shape: [0, 4]}}),
    () => ({inputs: [uniform([1])], attributes: {shape: [1]}}),
  ],
  slice: each(
    [
      {starts: [0, 1], sizes: [3, 2], steps: [1, 1]},
      {starts: [2, 4], sizes: [2, 3], steps: [-1, -2]},
      {starts: [1, 0], sizes: [0, 2], steps: [1, 2]},
    ],
    () => [uniform([3, 5])],
  ),
  slice_gradient: each(
    [
      {starts: [0, 1], sizes: [3, 2], steps: [1, 1], shape: [3, 5]},
      {starts: [2, 4], sizes: [2, 3], steps: [-1, -2], shape: [3, 5]},
    ],
    ({sizes}) => [uniform(sizes)],
  ),
  pad: each(
    [
      {low: [1, 0], high: [0, 2], value: 0},
      {low: [0, 0], high: [0, 0], value: 3},
    ],
    () => [uniform([2, 3])],
  ),
  concatenate: [
    () => ({inputs: [uniform([2, 3]), uniform([1, 3]), uniform([0, 3])], attributes: {axis: 0}}),
    () => ({inputs: [uniform([2, 3]), uniform([2, 2])], attributes: {axis: -1}}),
    () => ({inputs: [uniform([3])], attributes: {axis: 0}}),
  ],
  gather: [
    ...[0, 1, -1].map((axis) => () => ({
      inputs: [
        uniform([4, 3]),
        ints([
          [0, 2],
          [2, -1],
        ]),
      ],
      attributes: {axis},
    })),
    () => ({inputs: [uniform([2, 3, 4]), ints([2, 0, 2], 'int64')], attributes: {axis: 1}}),
    () => ({inputs: [uniform([5]), ints([3]).reshape([])], attributes: {axis: 0}}),
    () => ({inputs: [uniform([5, 2]), ints([])], attributes: {axis: 0}}),
  ],
  gather_nd: [
    () => ({
      inputs: [
        uniform([3, 4]),
        ints([
          [0, 1],
          [2, 3],
          [0, 1],
        ]),
      ],
    }),
    () => ({inputs: [uniform([3, 4]), ints([[2], [0]])]}),
    () => ({inputs: [uniform([2, 3, 2]), ints([[1, -1]], 'int64')]}),
  ],
  scatter_add: [
    () => ({
      inputs: [
        ints([
          [0, 1],
          [2, 3],
          [0, 1],
        ]),
        uniform([3]),
      ],
      attributes: {shape: [3, 4]},
    }),
    () => ({inputs: [ints([[2], [0], [2]]), uniform([3, 4])], attributes: {shape: [3, 4]}}),
    () => ({inputs: [ints([]).reshape([0, 1]), uniform([0, 4])], attributes: {shape: [3, 4]}}),
  ],
  scatter_update: [
    ...(['add', 'subtract', 'set'] as const).map((mode) => () => ({
      inputs: [ints([[2], [0]]), uniform([2, 4], -2, 2, 5), uniform([3, 4])],
      attributes: {mode},
    })),
    () => ({
      inputs: [
        ints([
          [0, 1],
          [0, 1],
        ]),
        uniform([2], -2, 2, 5),
        uniform([2, 2]),
      ],
      attributes: {mode: 'add'},
    }),
  ],
};

const REDUCTIONS: Readonly<Record<string, PrimitiveCases>> = {
  sum: [...(axesCases(uniform) as []), ...(emptyAxes as [])],
  mean: axesCases(uniform),
  max: axesCases(spread),
  min: axesCases(spread),
  prod: [
    ...(axesCases(uniform, 0.5, 2) as []),
    ...(emptyAxes as []),
    // One zero and two zeros in a column; the second order is not followed through zeros.
    () => ({
      inputs: [
        tensor(
          [
            [0, 0],
            [2, 3],
            [5, 0],
          ],
          'float64',
        ),
      ],
      attributes: {axes: [0]},
      order: 1,
    }),
  ],
};

const PRODUCTS: Readonly<Record<string, PrimitiveCases>> = {
  matmul: (
    [
      [
        [3, 4],
        [4, 2],
      ],
      [
        [2, 3, 4],
        [4, 5],
      ],
      [
        [3, 4],
        [2, 4, 2],
      ],
      [
        [2, 1, 3, 4],
        [3, 4, 2],
      ],
      [
        [1, 1],
        [1, 1],
      ],
      [
        [0, 4],
        [4, 2],
      ],
      [
        [3, 0],
        [0, 2],
      ],
      [
        [0, 2, 3],
        [0, 3, 2],
      ],
    ] as const
  ).map(([a, b]) => () => ({inputs: [uniform(a, -2, 2, 3), uniform(b, -2, 2, 7)]})),
  dense: ACTIVATIONS.flatMap((activation) =>
    [
      [3, 4],
      [2, 3, 4],
      [0, 4],
    ].map((x) => () => ({
      inputs: [uniform(x), uniform([4, 5], -1, 1, 3), uniform([5], -1, 1, 7)],
      attributes: {activation},
    })),
  ),
  convolution: CONVOLUTIONS.map((c) => () => ({
    inputs: [uniform(c.x), uniform(c.filter, -1, 1, 3)],
    attributes: {...c, activation: 'linear'},
  })),
  convolution_bias: ACTIVATIONS.flatMap((activation) =>
    CONVOLUTIONS.slice(1, 3).map((c) => () => ({
      inputs: [uniform(c.x), uniform(c.filter, -1, 1, 3), uniform(c.filter.slice(-1), -1, 1, 7)],
      attributes: {...c, activation},
      order: 1 as const,
    })),
  ),
  convolution_input_gradient: CONVOLUTIONS.map((c) => () => ({
    inputs: [uniform(outputOf(c)), uniform(c.filter, -1, 1, 3)],
    attributes: {...c, activation: 'linear', shape: c.x},
  })),
  convolution_filter_gradient: CONVOLUTIONS.map((c) => () => ({
    inputs: [uniform(c.x), uniform(outputOf(c), -1, 1, 3)],
    attributes: {...c, activation: 'linear', shape: c.filter},
  })),
};

const LAYERS: Readonly<Record<string, PrimitiveCases>> = {
  max_pool: POOLS.map((pool) => () => ({inputs: [spread(pool.x)], attributes: pool})),
  max_pool_gradient: POOLS.map((pool) => () => {
    const x = spread(pool.x);
    return {inputs: [x, maxima(x, pool), uniform(pooled(pool))], attributes: pool, wrt: [2]};
  }),
  average_pool: POOLS.map((pool) => () => ({inputs: [uniform(pool.x)], attributes: pool})),
  average_pool_gradient: POOLS.map((pool) => () => ({
    inputs: [uniform(pooled(pool))],
    attributes: {...pool, shape: pool.x},
  })),
  softmax: softmaxShapes,
  log_softmax: softmaxShapes,
  softmax_gradient: softmaxGradients,
  log_softmax_gradient: softmaxGradients,
  sparse_softmax_cross_entropy: [
    () => ({inputs: [uniform([3, 4]), ints([1, 3, 0])]}),
    () => ({inputs: [uniform([1, 1]), ints([0], 'int64')]}),
    () => ({inputs: [uniform([0, 3]), ints([])]}),
  ],
  sparse_softmax_cross_entropy_gradient: [() => ({inputs: [uniform([3]), uniform([3, 4], 0.1, 0.9), ints([1, 3, 0])]})],
  softmax_cross_entropy: [
    () => ({inputs: [uniform([3, 4]), uniform([3, 4], 0.1, 0.9, 3)]}),
    () => ({inputs: [uniform([0, 3]), uniform([0, 3])]}),
  ],
  softmax_cross_entropy_gradient: [
    () => ({inputs: [uniform([3]), uniform([3, 4], 0.1, 0.9), uniform([3, 4], 0.1, 0.9, 3)]}),
  ],
  layer_normalization: normalization,
  batch_normalization: normalization,
};

const NO_GRADIENT = [
  'floor_divide',
  'equal',
  'not_equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
  'logical_and',
  'logical_or',
  'logical_xor',
  'logical_not',
  'floor',
  'ceil',
  'round',
  'isnan',
  'isinf',
  'isfinite',
  'any',
  'all',
  'argmax',
  'argmin',
  'one_hot',
  'range',
  'random_uniform',
  'random_normal',
  'random_truncated_normal',
  'random_permutation',
  'stop_gradient',
  'layer_normalization_gradient',
  'batch_normalization_gradient',
];

/** By the name of the primitive; a test holds the names equal to those of the registry. */
export const PRIMITIVE_CASES: Readonly<Record<string, PrimitiveCases>> = {
  ...ELEMENTWISE,
  ...MOVEMENT,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...LAYERS,
  ...Object.fromEntries(NO_GRADIENT.map((name) => [name, 'no gradient' as const])),
};
