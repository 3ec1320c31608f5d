import {ops, type Tensor} from '@keratin/core';
import {type AnyLayer, Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import * as metrics from '../metrics/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {cloneModel} from './clone.js';

beforeEach(clearSession);

const data = ops.arange(8).reshape([2, 4]);
const values = (y: unknown) => JSON.stringify(y);

function functional() {
  const x = Input({shape: [4], name: 'x'});
  const shared = new layers.Dense(4, {name: 'shared'});
  const inner = new Sequential([new layers.Dense(4, {name: 'inside', inputShape: [4]})], {name: 'inner'});
  return new Model({inputs: x, outputs: inner(shared(shared(x)).add(x)), name: 'whole'});
}

test('model.clone() has the values of the weights, and a life of its own', async () => {
  const model = new Sequential([Input({shape: [4]}), new layers.Dense(1)]);
  model.compile({optimizer: new optimizers.Adam(0.1), loss: 'mse'});
  await model.fit(data, ops.ones([2, 1]), {verbose: 0});
  const before = values(model(data));
  const copy = model.clone();
  expect(values(copy(data))).toBe(before);
  expect(copy.optimizer).not.toBe(model.optimizer);
  expect(Number(copy.optimizer?.iterations.item())).toBe(0);
  await copy.fit(data, ops.ones([2, 1]), {verbose: 0});
  expect(values(copy(data))).not.toBe(before);
  expect(values(model(data))).toBe(before);
  expect(values(model.clone({weights: false})(data))).not.toBe(before);
});

describe('cloneModel', () => {
  test('gives a model of its own weights, or of the same values', () => {
    const model = functional();
    const copy = cloneModel(model);
    expect(copy.toJson().replace('"inner"', '')).toBe(model.toJson().replace('"inner"', ''));
    expect(copy.weights.some((weight) => model.weights.includes(weight))).toBe(false);
    expect(copy.weights).toHaveLength(4);
    expect(values(copy(data))).not.toBe(values(model(data)));
    const same = cloneModel(model, {weights: true});
    expect(values(same(data))).toBe(values(model(data)));
    same.weights[0]?.assign(ops.zeros([4, 4]));
    expect(values(same(data))).not.toBe(values(model(data)));
  });

  test('a stack, built or not, with its Input', () => {
    const built = new Sequential([Input({shape: [4], name: 'start'}), new layers.Dense(2)], {name: 'stack'});
    const copy = cloneModel(built, {weights: true});
    expect(copy).toBeInstanceOf(Sequential);
    expect([copy.name, copy.inputShape]).toEqual(['stack', [null, 4]]);
    expect(values(copy(data))).toBe(values(built(data)));
    const open = cloneModel(new Sequential([new layers.Dense(2)]), {weights: true});
    expect(open.built).toBe(false);
    expect(open(data).shape).toEqual([2, 2]);
  });

  test('a subclassed model is made from its config', () => {
    class Own extends Model {
      readonly dense: layers.Dense;
      constructor(
        readonly units: number,
        options: {name?: string} = {},
      ) {
        super(options);
        this.dense = new layers.Dense(units);
      }
      static override readonly positional = ['units'];
      override call(x: Tensor) {
        return this.dense(x);
      }
      override getConfig() {
        return {name: this.name, units: this.units};
      }
    }
    const copy = cloneModel(new Own(3));
    expect(copy).toBeInstanceOf(Own);
    expect(copy(data).shape).toEqual([2, 3]);
  });

  test('cloneFunction replaces layers, once each; recursive goes into models within', () => {
    const wider = (layer: AnyLayer) =>
      layer instanceof layers.Dense ? new layers.Dense(4, {name: `${layer.name}_new`, activation: 'tanh'}) : layer;
    const model = functional();
    const outer = cloneModel(model, {cloneFunction: wider});
    expect(outer.layers.map(({name}) => name)).toEqual(['x', 'shared_new', 'inner']);
    expect(outer.getLayer('inner')).toBe(model.getLayer('inner'));
    const all = cloneModel(model, {cloneFunction: wider, recursive: true});
    const inner = all.getLayer('inner');
    expect(inner instanceof Sequential ? inner.layers.map(({name}) => name) : null).toEqual(['inside_new']);
    expect(all.getLayer('shared_new').nodes).toHaveLength(2);
  });

  test('callFunction may call more; inputTensors are built upon', () => {
    const model = functional();
    const copy = cloneModel(model, {
      cloneFunction: (layer) => layer,
      callFunction: (layer, x, options) => {
        const y = layer(x, options);
        return layer instanceof layers.Dense ? new layers.Dropout(0.5)(y) : y;
      },
    });
    expect(copy.layers.map(({name}) => name)).toEqual(['x', 'shared', 'dropout', 'dropout_1', 'inner']);
    const q = Input({shape: [4], name: 'q'});
    const upon = cloneModel(model, {inputTensors: q.mul(2)});
    expect(upon.inputs.map(({shape}) => shape)).toEqual([[null, 4]]);
    expect(cloneModel(model, {inputTensors: q}).layers[0]?.name).toBe('q');
  });

  test('is compiled like the original, with a state of its own', async () => {
    const mean = new metrics.MeanAbsoluteError({name: 'distance'});
    const model = functional().compile({
      optimizer: new optimizers.Adam(0.25),
      loss: 'mse',
      metrics: [mean, 'mse'],
    });
    const copy = cloneModel(model);
    expect(copy.compiled).toBe(true);
    expect(copy.optimizer).not.toBe(model.optimizer);
    expect(copy.optimizer?.learningRate).toBeCloseTo(0.25);
    const {history} = await copy.fit(data, ops.ones([2, 4]), {verbose: 0});
    expect(Object.keys(history).sort()).toEqual(['distance', 'loss', 'mse']);
    expect(mean.result().item()).toBe(0);
    const stack = new Sequential([new layers.Dense(1, {inputShape: [4], name: 'only'})]);
    stack.compile({optimizer: [[stack.getLayer(0), new optimizers.SGD(0.5)]], loss: 'mse'});
    expect(cloneModel(stack).optimizers[0]).not.toBe(stack.optimizers[0]);
    expect(cloneModel(functional()).compiled).toBe(false);
  });

  test.each([
    ['no model', () => cloneModel(new layers.Dense(1) as never), 'cloneModel: a model is needed, got a Dense'],
    [
      'no function',
      () => cloneModel(functional(), {cloneFunction: 3 as never}),
      'cloneFunction must be a function, got 3',
    ],
    [
      'a function that gives no layer',
      () => cloneModel(functional(), {cloneFunction: () => 3 as never}),
      'cloneModel: cloneFunction must give a layer, got 3 for "shared"',
    ],
    [
      'callFunction of a stack',
      () => cloneModel(new Sequential(), {callFunction: (_, x) => x}),
      'cloneModel: callFunction is for functional models, "sequential" is Sequential',
    ],
    [
      'cloneFunction of a subclassed model',
      () => cloneModel(new (class Own extends Model {})(), {cloneFunction: (layer) => layer}),
      'cloneModel: cloneFunction and inputTensors are not for subclassed models such as "own"',
    ],
    [
      'values for Inputs',
      () => cloneModel(functional(), {inputTensors: data}),
      "cloneModel: inputTensors are symbolic tensors in the structure of the model's inputs, got a Tensor",
    ],
    ['an unknown option', () => cloneModel(functional(), {weight: true} as never), 'did you mean "weights"?'],
  ] as [string, () => unknown, string][])('%s', (_, run, sentence) => {
    expect(run).toThrow(sentence);
  });
});
