import {describe, expect, it} from 'vitest';
import {GradientTape, type Tensor} from '../index.js';
import '../internal.js';
import {gruSteps, lstmSteps, simpleSteps} from '../primitives/recurrent-steps.js';
import {checkGradients, type Differentiable, tapeGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';
import {gruSequence, lstmSequence, simpleSequence} from './recurrent.js';

checkLeaks();

type Inputs = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** The last states, and those of all steps where they are asked for. */
const lstm =
  (sequence: boolean): Differentiable =>
  (...inputs) => {
    const [x, h0, c0, kernel, recurrent, bias] = inputs as Inputs;
    const {last, cell, h} = lstmSequence({x, h0, c0, kernel, recurrent, bias}, sequence);
    return sequence ? [last, cell, h] : [last, cell];
  };
const gru =
  (sequence: boolean): Differentiable =>
  (...inputs) => {
    const [x, h0, kernel, recurrent, bias, recurrentBias] = inputs as Inputs;
    const {last, h} = gruSequence({x, h0, kernel, recurrent, bias, recurrentBias}, sequence);
    return sequence ? [last, h] : [last];
  };
const simple =
  (sequence: boolean): Differentiable =>
  (...inputs) => {
    const [x, h0, kernel, recurrent, bias] = inputs as Inputs;
    const {last, h} = simpleSequence({x, h0, kernel, recurrent, bias}, sequence);
    return sequence ? [last, h] : [last];
  };

interface Case {
  readonly name: string;
  readonly fused: Differentiable;
  readonly steps: Differentiable;
  readonly gates: number;
  readonly states: number;
  readonly biases: number;
}

/** Some of the outputs. */
const only =
  (fn: Differentiable, ...at: readonly number[]): Differentiable =>
  (...inputs) => {
    const all = [fn(...inputs)].flat();
    return all.filter((_, i) => at.includes(i));
  };

const LSTM = {gates: 4, states: 2, biases: 1};
const GRU = {gates: 3, states: 1, biases: 2};
const SIMPLE = {gates: 1, states: 1, biases: 1};

const CASES: readonly Case[] = [
  {name: 'LSTM', fused: lstm(true), steps: only(lstmSteps, 0, 1, 2), ...LSTM},
  {name: 'LSTM, all outputs alone', fused: only(lstm(true), 2), steps: only(lstmSteps, 2), ...LSTM},
  {name: 'LSTM, the last states alone', fused: lstm(false), steps: only(lstmSteps, 0, 1), ...LSTM},
  {name: 'LSTM, the cell state alone', fused: only(lstm(false), 1), steps: only(lstmSteps, 1), ...LSTM},
  {name: 'GRU', fused: gru(true), steps: only(gruSteps, 0, 1), ...GRU},
  {name: 'GRU, the last state alone', fused: gru(false), steps: only(gruSteps, 0), ...GRU},
  {name: 'SimpleRNN', fused: simple(true), steps: only(simpleSteps, 0, 1), ...SIMPLE},
  {name: 'SimpleRNN, the last state alone', fused: simple(false), steps: only(simpleSteps, 0), ...SIMPLE},
];

type Four = readonly [batch: number, steps: number, features: number, units: number];

// Without features the inputs are projected already.
const inputsOf = ({gates, states, biases}: Case, [batch, steps, features, units]: Four): Tensor[] => [
  uniform([batch, steps, features === 0 ? gates * units : features]),
  ...Array.from({length: states}, (_, i) => uniform([batch, units], -1, 1, 3 + i)),
  uniform([features, gates * units], -1, 1, 6),
  uniform([units, gates * units], -1, 1, 7),
  ...Array.from({length: biases}, (_, i) => uniform([gates * units], -1, 1, 9 + i)),
];

const SIZES: readonly Four[] = [
  [1, 1, 1, 1],
  [3, 1, 2, 2],
  [1, 4, 0, 3],
  [2, 3, 4, 5],
  [0, 2, 2, 3],
];

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
    checkGradients(one.fused, inputsOf(one, sizes), {order: sizes[3] > 2 ? 1 : 2});
  });

  it.each(CASES)('$name is the same in float32', (one) => {
    const inputs = inputsOf(one, [19, 7, 12, 33]).map((input) => input.mul(0.4).cast('float32'));
    expectSame([one.fused(...inputs)].flat(), [one.steps(...inputs)].flat(), 1e-5);
    const gradients = tapeGradients(one.fused, inputs, weightsLike(one, inputs));
    expectSame(gradients, tapeGradients(one.steps, inputs, weightsLike(one, inputs)), 1e-3);
  });
});

const weightsLike = (one: Case, inputs: readonly Tensor[]): Tensor[] =>
  [one.fused(...inputs)].flat().map((y, i) => uniform(y.shape.map(Number), 0.5, 1.5, 100 + i).cast('float32'));

describe('without a tape', () => {
  it.each(CASES)('$name gives the same', ({fused, ...one}) => {
    const inputs = inputsOf({fused, ...one}, [3, 5, 4, 6]);
    const tape = new GradientTape();
    const kept = tape.record(() => [fused(...inputs)].flat());
    expectSame([fused(...inputs)].flat(), kept, 0);
  });

  it('gives no steps where they are not wanted', () => {
    const [x, h0, kernel, recurrent, bias] = inputsOf(
      {...SIMPLE, name: '', fused: simple(false), steps: simpleSteps},
      [3, 5, 4, 6],
    ) as readonly Tensor[] as Inputs;
    expect(simpleSequence({x, h0, kernel, recurrent, bias}, false).h.shape).toEqual([3, 0, 6]);
  });
});

describe('bad input', () => {
  const [x, h0, c0, bias] = [uniform([3, 2, 4]), uniform([3, 2]), uniform([3, 2]), uniform([8])];
  const [kernel, recurrent] = [uniform([4, 8]), uniform([2, 8])];
  const [narrow, square, short] = [uniform([4, 2]), uniform([2, 2]), uniform([2])];
  it.each([
    [
      'states of another size',
      () => lstmSequence({x, h0: uniform([3, 4]), c0, kernel, recurrent, bias}, true),
      'LSTM: x must be (batch, time, features) with one step or more, states (batch, units), the kernels (features, 4 units) and' +
        ' (units, 4 units) and biases (4 units), got x (3,2,4), h0 (3,4), c0 (3,2), kernel (4,8), recurrent (2,8), bias (8,)',
    ],
    [
      'no step',
      () => simpleSequence({x: uniform([3, 0, 4]), h0, kernel: narrow, recurrent: square, bias: short}, true),
      'SimpleRNN: x must be (batch, time, features) with one step or more, states (batch, units), the kernels (features, units) and' +
        ' (units, units) and biases (units), got x (3,0,4), h0 (3,2), kernel (4,2), recurrent (2,2), bias (2,)',
    ],
    [
      'several dtypes',
      () => simpleSequence({x, h0: h0.cast('float32'), kernel: narrow, recurrent: square, bias: short}, true),
      "SimpleRNN: tensors must have one dtype, got x float64 and h0 float32 and kernel float64 and recurrent float64 and bias float64; convert one with cast('float64')",
    ],
    [
      'a half type',
      () => simple(true)(...[x, h0, narrow, square, short].map((a) => a.cast('float16'))),
      'SimpleRNN: x must have float32 or float64, got float16 of shape (3,2,4)',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
