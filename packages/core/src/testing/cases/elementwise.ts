import {tensor} from '../../index.js';
import {spread, uniform} from '../values.js';
import {each, type Make, type PrimitiveCase, type PrimitiveCases} from './case.js';

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

export const ELEMENTWISE: Readonly<Record<string, PrimitiveCases>> = {
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
