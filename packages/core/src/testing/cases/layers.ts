import {tensor, type Tensor} from '../../index.js';
import {spread, uniform} from '../values.js';
import {ints, type PrimitiveCases} from './case.js';

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

export const LAYERS: Readonly<Record<string, PrimitiveCases>> = {
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
