import {tensor} from '../../index.js';
import {uniform} from '../values.js';
import {type PrimitiveCases} from './case.js';

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

const ACTIVATIONS = ['linear', 'relu', 'sigmoid', 'tanh'] as const;

// Samples, queries, keys, heads, heads of keys, sizes of keys and values; shape of bias and mask (null: one number).
const ATTENTIONS = [
  {sizes: [1, 1, 1, 1, 1, 1, 1], extra: null, causal: false, unseen: 'replaced', low: -60, rate: 0},
  {sizes: [2, 2, 3, 2, 1, 1, 2], extra: [2, 1, 2, 3], causal: false, unseen: 'replaced', low: -60, rate: 0},
  {sizes: [1, 4, 3, 2, 2, 3, 1], extra: [3], causal: true, unseen: 'dropped', low: -60, rate: 0},
  {sizes: [1, 3, 3, 1, 1, 2, 2], extra: [1, 1, 3, 3], causal: true, unseen: 'shifted', low: -30, rate: 0},
  {sizes: [1, 2, 4, 2, 1, 2, 2], extra: null, causal: false, unseen: 'replaced', low: -60, rate: 0.4},
  {sizes: [0, 2, 3, 1, 1, 2, 2], extra: null, causal: true, unseen: 'replaced', low: -60, rate: 0},
] as const;

const attentions: PrimitiveCases = ATTENTIONS.map(({sizes, extra, rate, ...rest}) => () => {
  const [n, t, s, h, g, d, e] = sizes;
  const shape: readonly number[] = extra ?? [];
  // The first query of what has a mask for each sees nothing.
  const hidden = shape.length === 4 ? s : 0;
  const size = shape.reduce((product, length) => product * length, 1);
  const mask = tensor(
    Array.from({length: size}, (_, i) => i >= hidden && i % 3 !== 2),
    {shape},
  );
  return {
    inputs: [
      uniform([n, t, h, d]),
      uniform([n, s, g, d], -1, 1, 3),
      uniform([n, s, g, e], -1, 1, 5),
      uniform(shape, -1, 1, 7),
      mask,
    ],
    attributes: {scale: 0.7, rate, state: rate > 0 ? ([1, 2, 3, 4] as const) : null, ...rest},
  };
});

export const PRODUCTS: Readonly<Record<string, PrimitiveCases>> = {
  attention: attentions,
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
