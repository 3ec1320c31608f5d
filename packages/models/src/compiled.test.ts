import {GradientTape, jit, ops, random, setSeed, type Tensor, type Variable} from '@keratin/core';
import {layers} from '@keratin/layers';
import {describe, expect, it} from 'vitest';
import {Adam, RMSprop} from './optimizers/index.js';
import {Sequential} from './model/sequential.js';

// Models and layers inside of jitted functions give what they give outside.

const {Dense} = layers;

interface Subject {
  readonly make: () => Sequential;
  readonly input: readonly number[];
  readonly integers?: number;
}

const subjects: Readonly<Record<string, Subject>> = {
  'a perceptron with dropout': {
    make: () => {
      const model = new Sequential([
        new Dense(16, {activation: 'relu'}),
        new layers.Dropout(0.5, {seed: 3}),
        new Dense(3),
      ]);
      return model;
    },
    input: [8, 5],
  },
  'a convolutional network with normalization': {
    make: () => {
      const model = new Sequential([
        new layers.Conv2D(4, 3, {activation: 'relu'}),
        new layers.BatchNormalization(),
        new layers.MaxPooling2D(2),
        new layers.Flatten(),
        new Dense(3, {activation: 'softmax'}),
      ]);
      return model;
    },
    input: [4, 8, 8, 2],
  },
  'a recurrent network': {
    make: () => {
      const model = new Sequential([
        new layers.Embedding(11, 6),
        new layers.LSTM(5),
        new layers.LayerNormalization(),
        new Dense(2),
      ]);
      return model;
    },
    input: [4, 7],
    integers: 11,
  },
};

function train({make, input, integers}: Subject, compiled: boolean): number[] {
  setSeed(11);
  const model = make();
  const optimizer = integers === undefined ? new Adam(0.01) : new RMSprop(0.01);
  let variables: readonly Variable[] = [];
  const step = (x: Tensor): Tensor => {
    const tape = new GradientTape();
    const loss = tape.record(() => model(x, {training: true}).square().mean());
    optimizer.apply(tape.gradient(loss, variables), variables);
    return loss;
  };
  const draw = (i: number): Tensor =>
    integers === undefined ? random.normal(input, {seed: i}) : random.randint(input, 0, integers, {seed: i});
  const forward = (x: Tensor): Tensor => model(x, {training: false});
  const predict = compiled ? jit(forward) : forward;
  const before = predict(draw(0));
  variables = model.trainableVariables;
  const run = compiled ? jit(step) : step;
  const losses = [1, 2, 3, 4].map((i) => run(draw(i)).item());
  return [...before.data(), ...losses, ...predict(draw(0)).data()];
}

describe('models in jitted functions', () => {
  it.each(Object.keys(subjects))('%s', (name) => {
    const subject = subjects[name];
    if (subject === undefined) return;
    const eager = train(subject, false);
    train(subject, true).forEach((value, i) => {
      const wanted = eager[i] ?? NaN;
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(wanted)));
    });
  });

  it('a cell of a recurrent layer', () => {
    const cell = new layers.LSTMCell(10);
    const fn = jit((x: Tensor, state: Tensor[]) => cell(x, state));
    const x = random.normal([4, 10]);
    const state = [random.normal([4, 10]), ops.zeros([4, 10])];
    const [y, [h, c]] = fn(x, state);
    const [wanted, [wantedH, wantedC]] = cell(x, state);
    expect([y.array(), h.array(), c.array()]).toEqual([wanted.array(), wantedH.array(), wantedC.array()]);
  });
});
