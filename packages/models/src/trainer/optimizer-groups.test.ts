import {layers} from '@keratin/layers';
import {describe, expect, test} from 'vitest';
import * as callbacks from '../callbacks/index.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {bits, data, quiet} from '../testing/regression.js';

describe('optimizers of parts', () => {
  const parts = () => {
    const lower = new Sequential([new layers.Dense(3, {inputShape: [2], name: 'a'})], {name: 'lower'});
    const upper = new Sequential([new layers.Dense(1, {name: 'b'})], {name: 'upper'});
    return {lower, upper, model: new Sequential([lower, upper], {name: 'whole'})};
  };

  test('each part is changed by its own', async () => {
    const {lower, upper, model} = parts();
    const [still, moving] = [new optimizers.SGD(1e-30), new optimizers.SGD(0.1)];
    const compiled = model.compile({
      optimizer: [
        [lower, still],
        [upper, moving],
      ],
      loss: 'mse',
    });
    const [before, top] = [bits(lower), bits(upper)];
    const {history} = await compiled.fit(...data(), {
      epochs: 2,
      callbacks: [new callbacks.LearningRateScheduler((_, rate) => rate)],
      ...quiet,
    });
    expect(bits(lower)[0]).toEqual(before[0]);
    expect(bits(upper)[0]).not.toEqual(top[0]);
    expect(Object.keys(history)).toEqual(['loss', `learning_rate_${still.name}`, `learning_rate_${moving.name}`]);
    expect(model.optimizer).toBeNull();
    expect(model.optimizers).toEqual([still, moving]);
    expect(Number(moving.iterations.item())).toBe(2);
  });

  test('by patterns of paths', async () => {
    const {model, upper} = parts();
    const [p, q] = [new optimizers.SGD(1e-30), new optimizers.SGD(0.1)];
    const top = bits(upper);
    await model
      .compile({
        optimizer: [
          ['*/kernel', p],
          ['*/bias', q],
        ],
        loss: 'mse',
      })
      .fit(...data(), quiet);
    expect(bits(upper)[0]).toEqual(top[0]);
    expect(bits(upper)[1]).not.toEqual(top[1]);
  });

  test('mistakes', () => {
    const {lower, upper, model} = parts();
    const other = new layers.Dense(1, {name: 'other'});
    const sgd = () => new optimizers.SGD(0.1);
    const compile = (optimizer: Parameters<typeof model.compile>[0]) => () =>
      model.compile({loss: 'mse', ...optimizer});
    expect(compile({optimizer: [[lower, sgd()]]})).toThrow(
      'compile: trainable variable whole/upper/b/kernel belongs to no group of optimizers',
    );
    expect(
      compile({
        optimizer: [
          [model, sgd()],
          [upper, sgd()],
        ],
      }),
    ).toThrow('compile: variable whole/upper/b/kernel has two optimizers, by whole and by upper');
    expect(
      compile({
        optimizer: [
          [model, sgd()],
          [other, sgd()],
        ],
      }),
    ).toThrow('compile: layer "other" has an optimizer but is no part of model "whole"');
    expect(
      compile({
        optimizer: [
          ['*/nothing', sgd()],
          [model, sgd()],
        ],
      }),
    ).toThrow(
      'compile: the pattern "*/nothing" matches no trainable variable; there are lower/a/kernel, lower/a/bias, whole/upper/b/kernel, whole/upper/b/bias',
    );
    const one = sgd();
    expect(
      compile({
        optimizer: [
          [lower, one],
          [upper, one],
        ],
      }),
    ).toThrow('got one object twice');
    expect(model.compiled).toBe(false);
  });
});
