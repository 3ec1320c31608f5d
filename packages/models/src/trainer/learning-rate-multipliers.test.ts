import {type Config, ops, random, type Tensor, tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {cloneModel, type LearningRateMultiplier, Model, optimizers, Sequential} from '../index.js';

const quiet = {verbose: 0, shuffle: false, batchSize: 4} as const;
const x = random.normal([12, 3], {seed: 1});
const y = random.normal([12, 2], {seed: 2});

beforeEach(() => {
  clearSession();
});

const values = (tensors: readonly Tensor[]) => tensors.map((one) => one.array());

/** A model of two parts with the same weights each time. */
function parts() {
  const dense = (units: number, name: string, seed: number) =>
    new layers.Dense(units, {name, kernelInitializer: {class_name: 'GlorotUniform', config: {seed}}});
  const lower = new Sequential([Input({shape: [3]}), dense(4, 'a', 1)], {name: 'lower'});
  const upper = new Sequential([Input({shape: [4]}), dense(2, 'b', 2)], {name: 'upper'});
  return {lower, upper, model: new Sequential([lower, upper], {name: 'whole'})};
}

// Powers of two multiply a rate without rounding, so that both ways give the same bits.
const RATE = 2 ** -6;
const OPTIMIZERS = [
  'SGD',
  'Adam',
  'AdamW',
  'RMSprop',
  'Nadam',
  'Adagrad',
  'Adadelta',
  'Adamax',
  'Adafactor',
  'Lion',
  'Lamb',
  'Ftrl',
  'Muon',
  'ScheduleFreeAdamW',
] as const;

describe.each(OPTIMIZERS)('%s', (name) => {
  const make = (learningRate: number, config: Config = {}) =>
    optimizers.get({class_name: name, config: {learning_rate: learningRate, weight_decay: 0.01, ...config}});

  test.each([true, false])('a multiplier is a learning rate of its own (eagerly: %s)', async (runEagerly) => {
    const one = parts();
    await one.model
      .compile({optimizer: make(RATE), learningRateMultipliers: [['lower/*', 0.25]], loss: 'mse', runEagerly})
      .fit(x, y, {...quiet, epochs: 2});
    const two = parts();
    const optimizer = [
      [two.lower, make(RATE / 4)],
      [two.upper, make(RATE)],
    ] as const;
    const before = values(two.model.getWeights());
    await two.model.compile({optimizer, loss: 'mse', runEagerly}).fit(x, y, {...quiet, epochs: 2});
    expect(values(one.model.getWeights())).toEqual(values(two.model.getWeights()));
    expect(values(two.model.getWeights())[0]).not.toEqual(before[0]);
  });

  test('0 leaves weights as they are, with constraints and averages, and all others are trained', async () => {
    const {upper} = parts();
    const input = Input({shape: [3]});
    const frozen = new layers.Dense(4, {name: 'frozen', kernelConstraint: 'unit_norm', kernelInitializer: 'ones'});
    const net = new Model({inputs: input, outputs: upper(frozen(input))});
    const kernel = frozen.getWeights()[0]?.array();
    const top = net.getWeights()[2]?.array();
    const average = {use_ema: true, ema_momentum: 0.9, ema_overwrite_frequency: 2};
    await net
      .compile({
        optimizer: make(RATE, average),
        learningRateMultipliers: [[frozen, 0]],
        loss: 'mse',
      })
      .fit(x, y, {...quiet, epochs: 2});
    expect(frozen.getWeights()[0]?.array()).toEqual(kernel);
    expect(net.getWeights()[2]?.array()).not.toEqual(top);
  });
});

/** The change of the one weight of each layer after a step of plain descent from 1 to 0. */
function steps(compile: (model: Sequential, first: layers.Layer) => void): number[] {
  const one = (name: string) =>
    new layers.Dense(1, {name, useBias: false, kernelInitializer: 'ones', kernelConstraint: undefined});
  const first = one('first');
  const model = new Sequential([first, one('second')], {name: 'line'});
  compile(model, first);
  model.trainOnBatch([[1]], [[0]]);
  return model.getWeights().map((weight) => Number((1 - weight.item()).toFixed(5)));
}

test('known steps: rates that follow a schedule, models that are not built, several optimizers, scaled losses', () => {
  const {ExponentialDecay} = optimizers.schedules;
  const half = [['line/first/*', 0.5]] as const;
  const rates: Readonly<Record<string, optimizers.Optimizer>> = {
    number: new optimizers.SGD(0.1),
    schedule: new optimizers.SGD(new ExponentialDecay(0.1, 3, 0.5)),
    function: new optimizers.SGD(() => 0.1),
    several: new optimizers.MultiOptimizer(
      new optimizers.OptimizerMap(new optimizers.SGD(0.1), {'.*second.*': new optimizers.SGD(0.1)}),
    ),
    scaled: new optimizers.LossScaleOptimizer(new optimizers.SGD(0.1)),
  };
  for (const [name, optimizer] of Object.entries(rates)) {
    const got = steps((model) => void model.compile({optimizer, learningRateMultipliers: half, loss: 'mse'}));
    // The loss is (a b)^2: both gradients are 2.
    expect([name, ...got]).toEqual([name, 0.1, 0.2]);
  }
  const byLayer = steps((model, first) => {
    const learningRateMultipliers = [
      [first, 2],
      ['*second/kernel', 0.25],
    ] as const;
    model.compile({optimizer: new optimizers.SGD(0.1), learningRateMultipliers, loss: 'mse'});
  });
  expect(byLayer).toEqual([0.4, 0.05]);
});

test('a step of the user with the optimizer of the model, freezing, and compile again without them', () => {
  class Own extends Sequential {
    override trainStep(batch: Parameters<Sequential['trainStep']>[0]) {
      const optimizer = this.optimizer;
      optimizer?.apply(
        this.trainableVariables.map((variable) => ops.onesLike(variable)),
        this.trainableVariables,
      );
      return super.testStep(batch);
    }
  }
  const model = new Own([Input({shape: [1]}), new layers.Dense(1, {name: 'd', kernelInitializer: 'zeros'})]);
  const optimizer = new optimizers.SGD(1);
  model.compile({optimizer, learningRateMultipliers: [['*/kernel', 0.5]], loss: 'mse'});
  const now = () => model.getWeights().map((weight) => weight.sum().item());
  model.trainOnBatch([[1]], [[0]]);
  expect(now()).toEqual([-0.5, -1]);
  model.compile({optimizer, loss: 'mse'});
  model.trainOnBatch([[1]], [[0]]);
  expect(now()).toEqual([-1.5, -2]);
  model.getLayer('d').trainable = false;
  model.compile({optimizer, learningRateMultipliers: [['*/kernel', 0.5]], loss: 'mse'});
  expect(now()).toEqual([-1.5, -2]);
});

test('an optimizer of two models has the multipliers of one for its variables alone', () => {
  const optimizer = new optimizers.SGD(0.1);
  const half = steps((model) => {
    model.compile({optimizer, learningRateMultipliers: [['*first*', 0.5]], loss: 'mse'});
  });
  expect([half, steps((model) => void model.compile({optimizer, loss: 'mse'}))]).toEqual([
    [0.1, 0.2],
    [0.2, 0.2],
  ]);
});

test('clones have them for their own layers; configs do not', async () => {
  const {model, lower} = parts();
  model.compile({optimizer: new optimizers.SGD(0.1), learningRateMultipliers: [[lower, 0]], loss: 'mse'});
  const copy = cloneModel(model, {weights: true});
  const [before, top] = [values(copy.getWeights())[0], values(copy.getWeights())[2]];
  await copy.fit(x, y, quiet);
  expect(values(copy.getWeights())[0]).toEqual(before);
  expect(values(copy.getWeights())[2]).not.toEqual(top);

  expect(JSON.parse(model.toJson())).not.toHaveProperty('compile_config.learning_rate_multipliers');
});

test.each<readonly [mistake: string, spec: unknown, message: string]>([
  [
    'no list',
    {lower: 0.1},
    'compile: learningRateMultipliers is a list of [layer or path pattern, multiplier], got an object',
  ],
  ['no pair', ['lower/*'], 'compile: an entry of learningRateMultipliers is [layer or path pattern, multiplier], got'],
  ['no part', [[3, 0.1]], 'compile: an entry of learningRateMultipliers is [layer or path pattern, multiplier], got'],
  [
    'a negative one',
    [['lower/*', -1]],
    'compile: the learning rate multiplier of lower/* must be a number of at least 0, got -1',
  ],
  [
    'NaN',
    [['lower/*', NaN]],
    'compile: the learning rate multiplier of lower/* must be a number of at least 0, got NaN',
  ],
  [
    'a pattern that matches nothing',
    [['encoder/*', 0.1]],
    'compile: the pattern "encoder/*" of learningRateMultipliers matches no weight; there are lower/a/kernel, lower/a/bias, upper/b/kernel, upper/b/bias',
  ],
  [
    'patterns that overlap',
    [
      ['*/kernel', 0.1],
      ['lower/*', 1],
    ],
    'compile: variable lower/a/kernel has two learning rate multipliers, by */kernel and by lower/*',
  ],
  [
    'a layer of another model',
    [[new layers.Dense(1, {name: 'other'}), 0.1]],
    'compile: layer "other" has a learning rate multiplier but is no part of model "whole"',
  ],
])('%s is refused', (_, spec, message) => {
  const {model} = parts();
  const learningRateMultipliers = spec as readonly LearningRateMultiplier[];
  expect(() => model.compile({learningRateMultipliers, loss: 'mse'})).toThrow(message);
  expect(model.compiled).toBe(false);
});

test('mistakes show at the first step where the model is built by it, before weights change', () => {
  const model = new Sequential([new layers.Dense(1, {name: 'd'})]);
  model.compile({learningRateMultipliers: [['encoder/*', 0.1]], loss: 'mse'});
  const input = tensor([[1]]);
  expect(() => model.trainOnBatch(input, input)).toThrow('compile: the pattern "encoder/*"');
  const weights = values(model.getWeights());
  expect(() => model.trainOnBatch(input, input)).toThrow('compile: the pattern "encoder/*"');
  expect(values(model.getWeights())).toEqual(weights);
});
