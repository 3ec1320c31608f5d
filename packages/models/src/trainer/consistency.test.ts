import {ops, random, setSeed, type Tensor, tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import fc from 'fast-check';
import {beforeEach, describe, expect, test} from 'vitest';
import * as metrics from '../metrics/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';

// What must agree with what, whatever the model.

const quiet = {verbose: 0} as const;
const N = 11;

interface Updatable {
  updateState(yTrue: Tensor, yPred: Tensor, options: {readonly sampleWeight: Tensor}): void;
  result(): Tensor;
}

beforeEach(() => {
  clearSession();
  setSeed(3);
});

const values = (model: Model<never, unknown>) => model.getWeights().map((weight) => weight.array());

describe.each([1, 2, 3])('%i outputs with weights, masks and penalties', (outputs) => {
  function build(rate: number) {
    const input = Input({shape: [4], dtype: 'int32'});
    const embedded = new layers.Embedding(6, 3, {maskZero: true, embeddingsRegularizer: 'l2'})(input);
    const heads = Array.from({length: outputs}, (_, i) =>
      new layers.Dense(2, {name: `out_${String(i)}`, kernelRegularizer: 'l1', activityRegularizer: 'l2'})(embedded),
    );
    return new Model({inputs: input, outputs: heads}).compile({
      optimizer: new optimizers.SGD(rate),
      loss: Array.from({length: outputs}, (_, i) => (i === 1 ? 'mae' : 'mse')),
      lossWeights: Array.from({length: outputs}, (_, i) => i + 0.5),
      weightedMetrics: Array.from({length: outputs}, () => ['mae'] as const),
    });
  }
  const data = () => {
    // Id 0 is masked.
    const x = random.randint([N, 4], 0, 6);
    const y = Array.from({length: outputs}, () => random.normal([N, 4, 2]));
    const sampleWeight = Array.from({length: outputs}, () => random.uniform([N]));
    return {x, y, sampleWeight};
  };

  test('fit, its validation and evaluate give the same values', async () => {
    const {x, y, sampleWeight} = data();
    const model = build(0);
    const validationData = [x, y, sampleWeight] as const;
    const {history} = await model.fit(x, y, {sampleWeight, validationData, batchSize: 4, shuffle: false, ...quiet});
    const evaluated = await model.evaluate(x, y, {sampleWeight, batchSize: 4, ...quiet});
    const names = Object.keys(evaluated).filter((name) => !/^\d+$/.test(name));
    expect(names).toHaveLength(outputs === 1 ? 2 : 1 + 2 * outputs);
    for (const name of names) {
      expect(history[name]?.[0], name).toBeCloseTo(evaluated[name] ?? NaN, 5);
      expect(history[`val_${name}`]?.[0], `val_${name}`).toBeCloseTo(evaluated[name] ?? NaN, 5);
    }
    expect([...evaluated]).toHaveLength(names.length);
  });
});

test('weights of 1 give the same bits as none; weights of 0 the same as leaving the samples out', async () => {
  const run = async (x: Tensor, y: Tensor, sampleWeight?: Tensor) => {
    clearSession();
    setSeed(7);
    const model = new Sequential([Input({shape: [3]}), new layers.Dense(4, {activation: 'tanh'}), new layers.Dense(1)]);
    model.compile({optimizer: 'adam', loss: {class_name: 'MeanSquaredError', config: {reduction: 'sum'}}});
    await model.fit(x, y, {sampleWeight, batchSize: 4, epochs: 2, shuffle: false, ...quiet});
    return values(model);
  };
  const [x, y] = [random.normal([8, 3]), random.normal([8, 1])];
  expect(await run(x, y, ops.ones([8]))).toEqual(await run(x, y));
  const halves = tensor([1, 1, 1, 1, 0, 0, 0, 0]);
  const twice = ops.concatenate([x.at(':4'), x.at(':4')], 0);
  // The last four count nothing, so what they are makes no difference.
  expect(await run(x, y, halves)).toEqual(await run(twice, ops.zeros([8, 1]).add(y), halves));
});

test('weights of samples weigh all steps of a sequence, masked or not', async () => {
  const dense = new layers.Dense(1, {kernelInitializer: 'ones'});
  const [x, y] = [
    tensor([
      [[1], [2], [0]],
      [[3], [0], [0]],
    ]),
    ops.zeros([2, 3, 1]),
  ];
  const sampleWeight = tensor([1, 10]);
  const plain = new Sequential([Input({shape: [3, 1]}), dense]).compile({loss: 'mse', weightedMetrics: ['mae']});
  // (1 * (1 + 4) + 10 * 9) / 6 entries; (1 * 3 + 10 * 3) / (3 + 30) weights.
  const all = await plain.evaluate(x, y, {sampleWeight, ...quiet});
  expect([all.loss, all.mae].map((value) => value.toFixed(4))).toEqual(['15.8333', '1.0000']);
  const masked = new Sequential([Input({shape: [3, 1]}), new layers.Masking(), dense]);
  masked.compile({loss: 'mse', weightedMetrics: ['mae']});
  // (1 * (1 + 4) + 10 * 9) / 3 valid entries; (1 * 3 + 10 * 3) / (1 * 2 + 10 * 1).
  const valid = await masked.evaluate(x, y, {sampleWeight, ...quiet});
  expect([valid['loss'], valid['mae']].map((value) => value?.toFixed(4))).toEqual(['31.6667', '2.7500']);
});

test('frozen parts stay bit for bit as they are: weights, slots and moving statistics; set free, they go on', async () => {
  const frozen = new Sequential([new layers.Dense(3, {kernelRegularizer: 'l2'}), new layers.BatchNormalization()]);
  const model = new Sequential([Input({shape: [3]}), frozen, new layers.Dense(1)]).compile({
    optimizer: 'adam',
    loss: 'mse',
  });
  const [x, y] = [random.normal([12, 3]), random.normal([12, 1])];
  const slots = () =>
    (model.optimizer?.variables ?? [])
      .filter(({path}) => /dense_(kernel|bias)|gamma|beta/.test(path))
      .map((slot) => slot.array());
  await model.fit(x, y, quiet);
  const [weights, state] = [values(frozen), slots()];
  expect(state.length).toBeGreaterThan(4);
  frozen.trainable = false;
  // It takes effect at once, without another compile.
  const {history} = await model.fit(x, y, {...quiet, batchSize: 12});
  expect(values(frozen)).toEqual(weights);
  expect(slots()).toEqual(state);
  expect(model.losses).toEqual([]);
  // Frozen statistics normalize in training as they do in evaluation: the loss before the step is that of the frozen model.
  expect(history.loss).toHaveLength(1);
  frozen.trainable = true;
  await model.fit(x, y, quiet);
  expect(values(frozen)).not.toEqual(weights);
});

test('metrics do not depend on how the samples are batched', () => {
  const make: Readonly<Record<string, () => Updatable>> = {
    accuracy: () => new metrics.BinaryAccuracy(),
    auc: () => new metrics.AUC(),
    precision: () => new metrics.Precision(),
    recall: () => new metrics.Recall(),
    f1: () => new metrics.F1Score({threshold: 0.5, average: 'micro'}),
    mse: () => new metrics.MeanSquaredError(),
    rmse: () => new metrics.RootMeanSquaredError(),
  };
  const sample = fc.record({
    truth: fc.boolean(),
    guess: fc.float({min: 0, max: 1, noNaN: true}),
    weight: fc.integer({min: 0, max: 3}),
  });
  fc.assert(
    fc.property(fc.array(sample, {minLength: 2, maxLength: 12}), fc.integer({min: 1, max: 12}), (samples, size) => {
      const column = (read: (one: (typeof samples)[number]) => number) => samples.map((one) => [read(one)]);
      const [yTrue, yPred] = [column(({truth}) => Number(truth)), column(({guess}) => guess)];
      const weights = samples.map(({weight}) => weight);
      for (const [name, metric] of Object.entries(make)) {
        const result = (batch: number) => {
          const one = metric();
          for (let at = 0; at < samples.length; at += batch) {
            const part = <T>(list: readonly T[]) => list.slice(at, at + batch);
            one.updateState(tensor(part(yTrue)), tensor(part(yPred)), {sampleWeight: tensor(part(weights))});
          }
          return one.result().sum().item();
        };
        const [whole, split] = [result(samples.length), result(size)];
        expect(Math.abs(whole - split), name).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(whole)));
      }
    }),
    {numRuns: 15, seed: 1},
  );
});
