import {describe, expect, it} from 'vitest';
import {type Tensor} from '../index.js';
import '../internal.js';
import {gruSteps, lstmSteps, simpleSteps} from '../primitives/recurrent-steps.js';
import {checkGradients, type Differentiable, tapeGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';
import {gruSequence, lstmSequence, simpleSequence} from './recurrent.js';

checkLeaks();

const lstm: Differentiable = (...inputs) => {
  const [x, h0, c0, kernel] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const {h, c} = lstmSequence(x, h0, c0, kernel);
  return [h, c];
};
const gru: Differentiable = (...inputs) => {
  const [x, h0, kernel, bias] = inputs as [Tensor, Tensor, Tensor, Tensor];
  return gruSequence(x, h0, kernel, bias);
};
const simple: Differentiable = (...inputs) => {
  const [x, h0, kernel] = inputs as [Tensor, Tensor, Tensor];
  return simpleSequence(x, h0, kernel);
};

interface Case {
  readonly name: string;
  readonly fused: Differentiable;
  readonly steps: Differentiable;
  readonly gates: number;
  readonly states: number;
  readonly bias: boolean;
}

const CASES: readonly Case[] = [
  {name: 'LSTM', fused: lstm, steps: (...xs) => lstmSteps(...xs).slice(0, 2), gates: 4, states: 2, bias: false},
  {
    name: 'LSTM, the output alone',
    fused: (...xs) => [lstm(...xs)].flat().slice(0, 1),
    steps: (...xs) => lstmSteps(...xs).slice(0, 1),
    gates: 4,
    states: 2,
    bias: false,
  },
  {
    name: 'LSTM, the cell state alone',
    fused: (...xs) => [lstm(...xs)].flat().slice(1),
    steps: (...xs) => lstmSteps(...xs).slice(1, 2),
    gates: 4,
    states: 2,
    bias: false,
  },
  {
    name: 'GRU',
    fused: gru,
    steps: (...xs) => gruSteps(...xs).slice(0, 1),
    gates: 3,
    states: 1,
    bias: true,
  },
  {
    name: 'SimpleRNN',
    fused: simple,
    steps: simpleSteps,
    gates: 1,
    states: 1,
    bias: false,
  },
];

const inputsOf = ({gates, states, bias}: Case, [t, b, u]: readonly [number, number, number]): Tensor[] => [
  uniform([t, b, gates * u]),
  ...Array.from({length: states}, (_, i) => uniform([b, u], -1, 1, 3 + i)),
  uniform([u, gates * u], -1, 1, 7),
  ...(bias ? [uniform([gates * u], -1, 1, 9)] : []),
];

const SIZES = [
  [1, 1, 1],
  [1, 3, 2],
  [4, 1, 3],
  [3, 2, 5],
  [2, 0, 3],
] as const;

const each = CASES.flatMap((one) => SIZES.map((sizes) => [one.name, sizes.join(', '), one, sizes] as const));

function expectSame(actual: readonly Tensor[], expected: readonly Tensor[], tolerance: number): void {
  expect(actual.map(({shape}) => shape)).toEqual(expected.map(({shape}) => shape));
  actual.forEach((y, i) => {
    const wanted = expected[i]?.data() ?? [];
    [...y.data()].forEach((value, j) => {
      expect(Math.abs(value - (wanted[j] ?? NaN))).toBeLessThanOrEqual(tolerance);
    });
  });
}

describe('a fused sequence', () => {
  it.each(each)('%s [%s] gives what its steps give, and their gradients', (_, __, one, sizes) => {
    const inputs = inputsOf(one, sizes);
    expectSame([one.fused(...inputs)].flat(), [one.steps(...inputs)].flat(), 1e-13);
    expectSame(tapeGradients(one.fused, inputs), tapeGradients(one.steps, inputs), 1e-12);
  });

  it.each(each)('%s [%s] has right gradients, and gradients of gradients', (_, __, one, sizes) => {
    checkGradients(one.fused, inputsOf(one, sizes), {order: sizes[2] > 3 ? 1 : 2});
  });

  it.each(CASES)('$name is the same in float32', (one) => {
    const inputs = inputsOf(one, [7, 19, 33]).map((input) => input.cast('float32'));
    expectSame([one.fused(...inputs)].flat(), [one.steps(...inputs)].flat(), 1e-5);
    const gradients = tapeGradients(one.fused, inputs, weightsLike(one, inputs));
    expectSame(gradients, tapeGradients(one.steps, inputs, weightsLike(one, inputs)), 1e-3);
  });
});

const weightsLike = (one: Case, inputs: readonly Tensor[]): Tensor[] =>
  [one.fused(...inputs)].flat().map((y, i) => uniform(y.shape.map(Number), 0.5, 1.5, 100 + i).cast('float32'));

describe('bad input', () => {
  const [x, state, kernel] = [uniform([2, 3, 8]), uniform([3, 2]), uniform([2, 8])];
  it.each([
    [
      'states of another size',
      () => lstmSequence(x, uniform([3, 4]), state, kernel),
      'LSTM: x must be (time, batch, 4 units) with one step or more, states (batch, units) and kernel (units, 4 units), got x (2,3,8), h0 (3,4), c0 (3,2), kernel (2,8)',
    ],
    [
      'no step',
      () => simpleSequence(uniform([0, 3, 2]), state, uniform([2, 2])),
      'SimpleRNN: x must be (time, batch, 1 units) with one step or more, states (batch, units) and kernel (units, 1 units), got x (0,3,2), h0 (3,2), kernel (2,2)',
    ],
    [
      'several dtypes',
      () => gruSequence(uniform([2, 3, 6]), state.cast('float32'), uniform([2, 6]), uniform([6])),
      "GRU: tensors must have one dtype, got x float64 and h0 float32 and kernel float64 and bias float64; convert one with cast('float64')",
    ],
    [
      'a half type',
      () => simple(...[uniform([1, 3, 2]), state, uniform([2, 2])].map((a) => a.cast('float16'))),
      'SimpleRNN: x must have float32 or float64, got float16 of shape (1,3,2)',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
