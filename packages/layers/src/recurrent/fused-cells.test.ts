import {GradientTape, random, type Tensor} from '@keratin/core';
import {concrete} from '@keratin/core/internal';
import {describe, expect, it, vi} from 'vitest';
import {GRUCell, LSTMCell, SimpleRNNCell} from '../layers.js';
import type {VectorCell} from './cell.js';

// One step of a cell is a sequence of one step, which a kernel computes; its operations one after the other give the same.

const UNITS = 7;

interface Options {
  readonly useBias?: boolean;
  readonly recurrentDropout?: number;
}

type Call = (x: Tensor, states: readonly Tensor[]) => readonly Tensor[];

const CELLS: Readonly<Record<string, (options: Options) => {cell: VectorCell; states: number; call: Call}>> = {
  LSTMCell: (options) => {
    const cell = new LSTMCell(UNITS, {...options, seed: 3});
    const call: Call = (x, states) => {
      const [y, [h, c]] = cell(x, states, {training: true});
      return [y, h, c];
    };
    return {cell, states: 2, call};
  },
  GRUCell: (options) => {
    const cell = new GRUCell(UNITS, {...options, seed: 3});
    return {cell, states: 1, call: (x, states) => cell(x, states, {training: true}).flat()};
  },
  SimpleRNNCell: (options) => {
    const cell = new SimpleRNNCell(UNITS, {...options, seed: 3});
    return {cell, states: 1, call: (x, states) => cell(x, states, {training: true}).flat()};
  },
};

const make = (name: string, options: Options) => {
  const made = CELLS[name]?.(options);
  if (made === undefined) throw new Error(name);
  return made;
};

/** Outputs and all gradients of two steps, and how many of them the kernel made. */
function twoSteps({cell, states: count, call}: ReturnType<typeof make>): {all: readonly Tensor[]; fused: number} {
  const x = random.normal([4, 5], {seed: 1});
  const first = Array.from({length: count}, (_, i) => random.normal([4, UNITS], {seed: 2 + i}));
  call(x, first);
  const weights = cell
    .getWeights()
    .map((weight, i) => random.normal(concrete(weight.shape), {seed: 9 + i, stddev: 0.4}));
  cell.setWeights(weights);
  const whole = vi.spyOn(cell, 'wholeSequence');
  const tape = new GradientTape();
  for (const tensor of [x, ...first]) tape.watch(tensor);
  let outputs: readonly Tensor[] = [];
  const loss = tape.record<Tensor>(() => {
    outputs = call(x, call(x, first).slice(1));
    return outputs
      .map((y, i) => y.mul(random.normal(concrete(y.shape), {seed: 20 + i})).sum())
      .reduce((total, one) => total.add(one));
  });
  const gradients = tape.gradient(loss, [x, ...first, ...cell.trainableVariables]);
  const fused = whole.mock.results.filter(({value}) => value !== null).length;
  whole.mockRestore();
  return {all: [...outputs, ...gradients], fused};
}

/** The same with operations alone. */
function stepwise(name: string, options: Options): readonly Tensor[] {
  const made = make(name, options);
  const spy = vi.spyOn(Object.getPrototypeOf(made.cell) as VectorCell, 'wholeSequence').mockReturnValue(null);
  try {
    return twoSteps(made).all;
  } finally {
    spy.mockRestore();
  }
}

describe.each(Object.keys(CELLS))('%s', (name) => {
  it.each([{}, {useBias: false}])('by the kernel equals its operations, with all gradients: %o', (options) => {
    const {all, fused} = twoSteps(make(name, options));
    expect(fused).toBe(2);
    const wanted = stepwise(name, options);
    expect(all.length).toBe(wanted.length);
    all.forEach((x, i) => {
      expect(
        x
          .sub(wanted[i] ?? x)
          .abs()
          .max()
          .item(),
      ).toBeLessThan(2e-5);
    });
    expect(all[0]?.abs().max().item()).toBeGreaterThan(0.1);
  });

  it('goes by operations where they drop parts of the state', () => {
    expect(twoSteps(make(name, {recurrentDropout: 0.4})).fused).toBe(0);
  });
});
