import {ints, type PrimitiveCases} from './case.js';
import {spread, uniform} from '../values.js';

const unary = (low: number, high: number): PrimitiveCases =>
  [[3, 5], [1], [0, 4], []].map((shape) => () => ({inputs: [uniform(shape, low, high)]}));

const along = (low: number, high: number): PrimitiveCases =>
  [0, 1, -1].flatMap((axis) =>
    [false, true].map((reverse) => () => ({inputs: [uniform([3, 4, 2], low, high)], attributes: {axis, reverse}})),
  );

// Samples, steps, features and units of recurrent cells with their states and biases; no features: inputs that are projected already.
const recurrent = (gates: number, states: number, biases: number): PrimitiveCases =>
  [
    {batch: 1, steps: 1, features: 1, units: 1},
    {batch: 2, steps: 3, features: 2, units: 3},
    {batch: 3, steps: 2, features: 0, units: 1},
    {batch: 0, steps: 2, features: 2, units: 2},
    {batch: 2, steps: 2, features: 1, units: 2, keep: false},
  ].map(({batch, steps, features, units, keep = true}) => () => ({
    inputs: [
      uniform([batch, steps, features === 0 ? gates * units : features]),
      ...Array.from({length: states}, (_, i) => uniform([batch, units], -1, 1, 3 + i)),
      uniform([features, gates * units], -1, 1, 6),
      uniform([units, gates * units], -1, 1, 7),
      ...Array.from({length: biases}, (_, i) => uniform([gates * units], -1, 1, 9 + i)),
    ],
    attributes: {keep, sequence: true},
  }));

/** Running sums and products, special functions, recurrent cells, and updates at indices. */
export const SEQUENCES: Readonly<Record<string, PrimitiveCases>> = {
  cumsum: along(-2, 2),
  cumprod: along(0.5, 1.5),
  erfc: unary(-1.5, 1.5),
  erfinv: unary(-0.9, 0.9),
  bessel_i0: unary(0.5, 3),
  bessel_i1: unary(0.5, 3),
  // Away from the steps of trunc(a / b).
  fmod: [
    () => ({inputs: [spread([3, 4], 3.2, 3.8), uniform([4], 0.9, 1)]}),
    () => ({inputs: [spread([2, 1], -3.8, -3.2), uniform([3], 0.9, 1)]}),
  ],
  lstm_sequence: recurrent(4, 2, 1),
  gru_sequence: recurrent(3, 1, 2),
  simple_rnn_sequence: recurrent(1, 1, 1),
  scatter_update: [
    ...(['set', 'add', 'subtract'] as const).map((mode) => () => ({
      inputs: [ints([[2], [0]]), uniform([2, 3]), uniform([4, 3], -1, 1, 5)],
      attributes: {mode},
    })),
    // Two updates of one element.
    () => ({
      inputs: [
        ints([
          [0, 1],
          [0, 1],
        ]),
        uniform([2]),
        uniform([2, 2], -1, 1, 5),
      ],
      attributes: {mode: 'add'},
    }),
  ],
};
