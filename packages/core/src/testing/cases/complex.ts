import {type Complex} from '../../dtype.js';
import {ops, type Tensor} from '../../index.js';
import {uniform} from '../values.js';
import {type PrimitiveCase, type PrimitiveCases} from './case.js';

/** Complex numbers of the first quadrant, where no function has its branch cut or a pole. */
export const complexUniform = (shape: readonly number[], seed = 1): Tensor<Complex> =>
  ops.complex(uniform(shape, 0.3, 1.2, seed), uniform(shape, 0.4, 1.3, seed + 50));

const SHAPES = [[3, 5], [1], [0, 4], [2, 1, 3], []];

const unary: PrimitiveCases = SHAPES.map((shape) => () => ({inputs: [complexUniform(shape)]}));

const PAIRS = [
  [
    [3, 2],
    [3, 2],
  ],
  [[3, 1], [2]],
  [[], [4]],
  [[0, 4], [4]],
] as const;

const binary: PrimitiveCases = PAIRS.map(([a, b]) => () => ({inputs: [complexUniform(a, 3), complexUniform(b, 7)]}));

const sameShape: PrimitiveCases = [[3, 2], []].map((shape) => () => ({
  inputs: [complexUniform(shape, 3), complexUniform(shape, 7)],
}));

const along = (attributes: readonly unknown[]): PrimitiveCases =>
  attributes.map((given) => (): PrimitiveCase => ({inputs: [complexUniform([3, 2])], attributes: given}));

const axes = along([{axes: [0]}, {axes: [0, 1]}]);
const running = along([
  {axis: 0, reverse: false},
  {axis: 1, reverse: true},
]);

const UNARY =
  'negative sign square sqrt rsqrt exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid reciprocal';
const BINARY = 'add subtract multiply divide power squared_difference';

/** Primitives of complex numbers, and complex inputs of others. */
export const COMPLEX: Readonly<Record<string, PrimitiveCases>> = {
  complex: PAIRS.map(([a, b]) => () => ({inputs: [uniform(a, -2, 2, 3), uniform(b, -2, 2, 7)]})),
  ...Object.fromEntries(['real', 'imag', 'conjugate', 'magnitude', 'phase'].map((name) => [name, unary])),
  ...Object.fromEntries(UNARY.split(' ').map((name) => [name, unary])),
  ...Object.fromEntries(BINARY.split(' ').map((name) => [name, binary])),
  tanh_gradient: sameShape,
  sigmoid_gradient: sameShape,
  sum: axes,
  mean: axes,
  prod: axes,
  cumsum: running,
  cumprod: running,
  cast: along([{dtype: 'complex128'}, {dtype: 'float64'}]),
  transpose: along([{axes: [1, 0]}]),
  fft: along([
    {inverse: false, scaled: false},
    {inverse: true, scaled: true},
    {inverse: true, scaled: false},
  ]),
  rfft: [[3, 6], [2, 5], [1, 1], [2, 2, 7], [4]].map((shape) => () => ({inputs: [uniform(shape)]})),
  irfft: (
    [
      [[3, 4], 6],
      [[2, 3], 5],
      [[2, 1], 1],
      [[3], 4],
    ] as const
  ).map(([shape, length]) => () => ({inputs: [complexUniform(shape)], attributes: {length}})),
  concatenate: [() => ({inputs: [complexUniform([2, 3], 3), complexUniform([1, 3], 7)], attributes: {axis: 0}})],
};
