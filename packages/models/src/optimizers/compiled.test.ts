import {GradientTape, jit, ops, random, type Tensor, TraceError, Variable} from '@keratin/core';
import {describe, expect, it} from 'vitest';
import * as optimizers from './index.js';
import {ExponentialDecay} from './schedules/index.js';
import {type Optimizer} from './optimizer.js';

// An optimizer inside of a jitted function changes weights as it does outside, at every step.

const makers: Readonly<Record<string, () => Optimizer>> = {
  SGD: () => new optimizers.SGD(0.1),
  'SGD with momentum': () => new optimizers.SGD(0.1, {momentum: 0.9, nesterov: true}),
  RMSprop: () => new optimizers.RMSprop(0.01, {momentum: 0.5, centered: true}),
  Adam: () => new optimizers.Adam(0.01),
  'Adam with amsgrad': () => new optimizers.Adam(0.01, {amsgrad: true}),
  AdamW: () => new optimizers.AdamW(0.01, {weightDecay: 0.1}),
  Nadam: () => new optimizers.Nadam(0.01),
  Adamax: () => new optimizers.Adamax(0.01),
  Adagrad: () => new optimizers.Adagrad(0.1),
  Adadelta: () => new optimizers.Adadelta(0.1),
  Adafactor: () => new optimizers.Adafactor(0.1),
  Ftrl: () => new optimizers.Ftrl(0.1),
  Lamb: () => new optimizers.Lamb(0.01),
  Lion: () => new optimizers.Lion(0.01),
  Muon: () => new optimizers.Muon(0.01),
  ScheduleFreeAdamW: () => new optimizers.ScheduleFreeAdamW(0.01, {warmupSteps: 3}),
  'a schedule': () => new optimizers.Adam(new ExponentialDecay(0.1, 2, 0.5)),
  'accumulation of gradients': () => new optimizers.Adam(0.05, {gradientAccumulationSteps: 3}),
  'a scaled loss': () => new optimizers.LossScaleOptimizer(new optimizers.SGD(0.1), {dynamicGrowthSteps: 2}),
  'clipping and averages': () => new optimizers.SGD(0.1, {globalClipnorm: 0.1, useEma: true, emaOverwriteFrequency: 3}),
};

const STEPS = 7;

function train(make: () => Optimizer, compiled: boolean) {
  const optimizer = make();
  const w = new Variable(random.normal([3, 4], {seed: 1}), {name: 'w'});
  const b = new Variable(ops.zeros([4]), {name: 'b'});
  const step = (x: Tensor, y: Tensor): Tensor => {
    const tape = new GradientTape();
    const scaled = tape.record(() => optimizer.scaleLoss(x.matmul(w).add(b).tanh().sub(y).square().mean()));
    optimizer.apply(tape.gradient(scaled, [w, b]), [w, b]);
    return scaled;
  };
  const run = compiled ? jit(step) : step;
  const losses = Array.from({length: STEPS}, (_, i) => {
    if (i === 4 && !(make === makers['a schedule'])) optimizer.learningRate = 0.005;
    return run(random.normal([8, 3], {seed: 10 + i}), random.normal([8, 4], {seed: 20 + i})).item();
  });
  return {
    losses,
    w: [...w.data()],
    b: [...b.data()],
    state: optimizer.variables.map((v) => [...v.cast('float64').data()]),
  };
}

const flat = (value: unknown): number[] => [value].flat(9) as number[];

/** How many kernels of a program's text read or write values of this type. */
function passesOver(text: string, type: string): number {
  const lines = text
    .split('\n')
    .filter((line) => !/= (reshape|transpose|variable|constant)|^ *(variable|return|program)/.test(line));
  const ofType = [...text.matchAll(/(%\d+): (\w+\[[\d,]*\])/g)].flatMap(([, id, own]) => (own === type ? [id] : []));
  return lines.filter((line) => ofType.some((id) => new RegExp(`${String(id)}\\b`).test(line))).length;
}

describe('optimizers in jitted functions', () => {
  it.each(Object.keys(makers))('%s', (name) => {
    const make = makers[name];
    if (make === undefined) return;
    const eager = flat(Object.values(train(make, false)));
    const compiled = flat(Object.values(train(make, true)));
    expect(compiled.length).toBe(eager.length);
    compiled.forEach((value, i) => {
      const wanted = eager[i] ?? NaN;
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(wanted)));
    });
  });

  // Lamb needs norms of whole weights before it changes them; Adafactor means of rows and columns, Muon products.
  it.each([
    ['SGD', 1],
    ['SGD with momentum', 1],
    ['RMSprop', 1],
    ['Adam', 1],
    ['Adam with amsgrad', 1],
    ['AdamW', 1],
    ['Nadam', 1],
    ['Adamax', 1],
    ['Adagrad', 1],
    ['Adadelta', 1],
    ['Ftrl', 1],
    ['Lamb', 2],
    ['Lion', 1],
    ['ScheduleFreeAdamW', 1],
  ])('%s passes over a weight, its gradient and its state %i times a step', (name, passes) => {
    const optimizer = makers[name]?.();
    const w = new Variable(ops.ones([48, 32]), {name: 'w'});
    if (optimizer === undefined) throw new Error(`no ${name}`);
    optimizer.build([w]);
    const step = jit((gradient: Tensor) => {
      optimizer.apply([gradient], [w]);
    });
    expect(passesOver(step.ir(ops.ones([48, 32])), 'float32[48,32]')).toBe(passes);
  });

  it('refuse a learning rate that is a function of numbers', () => {
    const optimizer = new optimizers.SGD((step: number) => 1 / (step + 1));
    const v = new Variable([1, 2]);
    const step = jit((g: Tensor) => optimizer.apply([g], [v]));
    expect(() => step(ops.ones([2]))).toThrow(TraceError);
    expect(() => step(ops.ones([2]))).toThrow(
      /^sgd(_\d+)?: a learning rate that is a JavaScript function of the step cannot be compiled; write it as a LearningRateSchedule$/,
    );
    expect(v.array()).toEqual([1, 2]);
  });
});
