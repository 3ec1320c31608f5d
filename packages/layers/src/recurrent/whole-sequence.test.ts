import {GradientTape, ops, type Tensor, tensor} from '@keratin/core';
import '@keratin/core/internal';
import {describe, expect, it, vi} from 'vitest';
import {VectorCell} from './cell.js';
import {GRU, GRUCell, LSTM, RNN, SimpleRNN} from '../layers.js';
import {type RNNCallOptions} from './rnn.js';

// A cell goes through a sequence in one kernel where it can; step by step it gives the same.

const UNITS = 5;
const FEATURES = 3;

/** Values in (-1, 1) without a pattern that swapped operands would keep. */
const values = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({length: size}, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed)),
    {shape},
  );
};

interface Options {
  goBackwards?: boolean;
  returnSequences?: boolean;
  useBias?: boolean;
}

type Layer = LSTM<true> | GRU<true> | SimpleRNN<true>;

const MAKE: Readonly<Record<string, {states: number; make: (options: Options) => Layer}>> = {
  LSTM: {states: 2, make: (o) => new LSTM(UNITS, {...o, returnState: true, dtype: 'float64'})},
  GRU: {states: 1, make: (o) => new GRU(UNITS, {...o, returnState: true, dtype: 'float64'})},
  SimpleRNN: {states: 1, make: (o) => new SimpleRNN(UNITS, {...o, returnState: true, dtype: 'float64'})},
};

/** Everything that comes of a call and its gradients, and how many steps the cell went one by one. */
function everything(layer: Layer, x: Tensor, options: RNNCallOptions): {all: Tensor[]; steps: number} {
  const advance = vi.spyOn(layer.cell, 'advance');
  const states = [options.initialState ?? []].flat(2) as Tensor[];
  const sources = [x, ...states, ...layer.trainableVariables];
  const tape = new GradientTape();
  for (const source of [x, ...states]) tape.watch(source);
  let outputs: readonly Tensor[] = [];
  const loss = tape.record<Tensor>(() => {
    outputs = layer(x, options);
    return outputs
      .map((y, i) => y.mul(values(y.shape.map(Number), 20 + i)).sum())
      .reduce((total, one) => total.add(one));
  });
  const all = [...outputs, ...tape.gradient(loss, sources)];
  const steps = advance.mock.calls.length;
  advance.mockRestore();
  return {all, steps};
}

/** The same layer, gone through step by step. */
function stepwise<T>(fn: () => T): T {
  const spies = [LSTM, GRU, SimpleRNN].map((Class) =>
    vi.spyOn(Object.getPrototypeOf(new Class(1).cell) as VectorCell, 'wholeSequence').mockReturnValue(null),
  );
  try {
    return fn();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const OPTIONS: readonly Options[] = [
  {},
  {returnSequences: true},
  {goBackwards: true},
  {goBackwards: true, returnSequences: true},
  {useBias: false, returnSequences: true},
];

const cases = Object.entries(MAKE).flatMap(([name, {states, make}]) =>
  OPTIONS.flatMap((options) =>
    [1, 4].map(
      (steps) => [`${name} ${JSON.stringify(options)}, ${String(steps)} steps`, make, states, options, steps] as const,
    ),
  ),
);

describe('a whole sequence', () => {
  it.each(cases)('%s', (_, make, count, options, steps) => {
    const layer = make(options);
    const x = values([2, steps, FEATURES], 1);
    layer(x);
    layer.setWeights(layer.weights.map((weight, i) => values(weight.shape.map(Number), 5 + i)));
    for (const initialState of [undefined, Array.from({length: count}, (__, i) => values([2, UNITS], 10 + i))]) {
      const fused = everything(layer, x, {initialState});
      const single = stepwise(() => everything(layer, x, {initialState}));
      expect([fused.steps, single.steps]).toEqual([0, steps]);
      expect(fused.all.map(({shape}) => shape)).toEqual(single.all.map(({shape}) => shape));
      fused.all.forEach((y, i) => {
        const apart = single.all[i];
        expect(apart === undefined ? NaN : ops.max(y.sub(apart).abs()).item()).toBeLessThan(1e-12);
      });
    }
  });

  it('goes on from the states of the call before', () => {
    const x = values([2, 3, FEATURES], 1);
    const run = (): readonly number[][] => {
      const layer = new GRU(UNITS, {stateful: true, dtype: 'float64'});
      layer(x);
      layer.resetState();
      layer.setWeights(layer.weights.map((weight, i) => values(weight.shape.map(Number), 5 + i)));
      return [layer(x), layer(x)].map((y) => [...y.data()]);
    };
    const [first = [], second = []] = run();
    expect(first).not.toEqual(second);
    stepwise(run)
      .flat()
      .forEach((value, i) => {
        expect([...first, ...second][i]).toBeCloseTo(value, 12);
      });
  });
});

class Doubled extends GRUCell {
  override advance(x: Tensor, states: readonly Tensor[], training: boolean | undefined) {
    const [y, next] = super.advance(x, states, training);
    return [y.mul(2), next] as const;
  }
}

describe('goes step by step', () => {
  const x = values([2, 3, FEATURES], 1).cast('float32');
  const mask = tensor([
    [true, true, false],
    [true, false, false],
  ]);
  it.each([
    ['with a mask', () => new LSTM(UNITS), {mask}],
    ['with another activation', () => new LSTM(UNITS, {activation: 'relu'}), {}],
    ['with another activation of the gates', () => new GRU(UNITS, {recurrentActivation: 'hard_sigmoid'}), {}],
    ['with the reset before the product', () => new GRU(UNITS, {resetAfter: false}), {}],
    ['while states are dropped', () => new SimpleRNN(UNITS, {recurrentDropout: 0.5}), {training: true}],
    ['in a half type', () => new LSTM(UNITS, {dtype: 'bfloat16'}), {}],
    ['with a class of its own', () => new RNN<Tensor>(new Doubled(UNITS)), {}],
  ] as const)('%s', (_, make, options) => {
    const layer: RNN<Tensor> = make();
    const {cell} = layer;
    if (!(cell instanceof VectorCell)) throw new TypeError('a cell on vectors is needed');
    const advance = vi.spyOn(cell, 'advance');
    layer(x.cast(layer.computeDtype) as Tensor, options);
    expect(advance).toHaveBeenCalledTimes(3);
  });
});
