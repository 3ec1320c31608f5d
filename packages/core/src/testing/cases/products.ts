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

export const PRODUCTS: Readonly<Record<string, PrimitiveCases>> = {
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
