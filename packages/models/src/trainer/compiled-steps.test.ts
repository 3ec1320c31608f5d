import {describe, expect, test} from 'vitest';
import {ops, random, setSeed, slice, type Tensor, Variable} from '@keratin/core';
import {type CallOptions, Input, type Layer, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import * as callbacks from '../callbacks/index.js';
import {type AnyModel} from '../callbacks/callback.js';
import {type Batch} from './data/batch.js';
import {type CompileSettings} from './trainer.js';
import {type StepLogs} from './logs.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {type JitCompile} from './compiled-steps.js';

// `jitCompile` changes how fast steps are, not what comes of them.

const x = random.normal([40, 6], {seed: 1});
const classes = ops.cast(random.randint([40], 0, 3, {seed: 2}), 'int32');
const ids = random.randint([40, 5], 0, 9, {seed: 3, dtype: 'int32'});

interface Subject {
  readonly make: () => AnyModel;
  readonly settings: Omit<CompileSettings, 'jitCompile'>;
  readonly x: Tensor;
  readonly y: unknown;
  readonly options?: object;
}

const dense = (...more: readonly Layer[]) => new Sequential([Input({shape: [6]}), ...more]);

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'dropout, penalties and metrics': {
    make: () =>
      dense(
        new layers.Dense(16, {activation: 'relu', kernelRegularizer: 'l2'}),
        new layers.Dropout(0.4, {seed: 5}),
        new layers.Dense(3, {activation: 'softmax', activityRegularizer: 'l1'}),
      ),
    settings: {
      optimizer: 'adam',
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
      weightedMetrics: ['accuracy'],
    },
    x,
    y: classes,
    options: {classWeight: {0: 1, 1: 2, 2: 0.5}, validationSplit: 0.25},
  },
  'batch normalization and a schedule': {
    make: () => dense(new layers.Dense(8), new layers.BatchNormalization(), new layers.Dense(1)),
    settings: {
      optimizer: new optimizers.SGD(new optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), {momentum: 0.9}),
      loss: 'mse',
      metrics: ['mae'],
    },
    x,
    y: ops.sum(x, {axis: 1, keepdims: true}),
  },
  'a masked recurrent network': {
    make: () => new Sequential([new layers.Embedding(9, 4, {maskZero: true}), new layers.LSTM(5), new layers.Dense(1)]),
    settings: {optimizer: 'rmsprop', loss: 'mse'},
    x: ids,
    y: ops.cast(ops.sum(ids, {axis: 1, keepdims: true}), 'float32').div(20),
  },
  'several outputs': {
    make: () => {
      const input = Input({shape: [6]});
      const hidden = new layers.Dense(8, {activation: 'tanh'})(input);
      const outputs = [
        new layers.Dense(3, {name: 'a', activation: 'softmax'})(hidden),
        new layers.Dense(1, {name: 'b'})(hidden),
      ];
      return new Model({inputs: input, outputs});
    },
    settings: {
      optimizer: 'nadam',
      loss: ['sparse_categorical_crossentropy', 'mse'],
      lossWeights: [1, 0.3],
      metrics: [['accuracy'], ['mae']],
    },
    x,
    y: [classes, ops.sum(x, {axis: 1, keepdims: true})],
  },
};

async function train({make, settings, x: inputs, y, options}: Subject, jitCompile: JitCompile) {
  clearSession();
  setSeed(4);
  const {optimizer} = settings;
  const own =
    optimizer instanceof optimizers.Optimizer ? optimizers.deserialize(optimizers.serialize(optimizer)) : optimizer;
  const model = make();
  model.compile({...settings, optimizer: own, jitCompile} as never);
  // The last batch is smaller: a second program.
  const fit = model.fit as (...args: readonly unknown[]) => Promise<{readonly history: Record<string, number[]>}>;
  const {history} = await fit.call(model, inputs, y, {epochs: 4, batchSize: 12, verbose: 0, ...options});
  const evaluate = model.evaluate as (...args: readonly unknown[]) => Promise<Record<string, number>>;
  const values = await evaluate.call(model, inputs, y, {verbose: 0, batchSize: 16});
  for (const kind of ['train', 'test'] as const) {
    if (jitCompile === false) expect(model.trainer.steps).toBeNull();
    else expect(model.trainer.steps?.compiled(kind)).toBeGreaterThan(0);
  }
  return {history, values: {...values}, weights: model.getWeights().map((weight) => weight.flatten().array(1))};
}

/** All numbers of two results, compared one by one. */
function expectNear(a: unknown, b: unknown): void {
  const numbers = (value: unknown): number[] =>
    typeof value === 'number' ? [value] : Object.values(value as object).flatMap(numbers);
  expect(Object.keys(a as object)).toEqual(Object.keys(b as object));
  const [p, q] = [numbers(a), numbers(b)];
  expect(p.length).toBe(q.length);
  p.forEach((value, i) => {
    expect(Math.abs(value - (q[i] ?? NaN))).toBeLessThan(1e-4 * (1 + Math.abs(value)));
  });
}

describe('compiled steps', () => {
  test.each(Object.entries(SUBJECTS))('%s: as operation by operation', async (_, subject) => {
    const eager = await train(subject, false);
    for (const jitCompile of [true, 'auto'] as const) {
      const compiled = await train(subject, jitCompile);
      expectNear(compiled.history, eager.history);
      expectNear(compiled.values, eager.values);
      expectNear(compiled.weights, eager.weights);
    }
  });

  test('follow a learning rate that a callback changes, and layers that are frozen', async () => {
    const runs = [];
    for (const jitCompile of [false, true]) {
      setSeed(8);
      const first = new layers.Dense(4);
      const model = dense(first, new layers.Dense(1));
      model.compile({optimizer: 'sgd', loss: 'mse', jitCompile});
      const y = ops.sum(x, {axis: 1, keepdims: true});
      const options = {epochs: 3, batchSize: 20, verbose: 0, shuffle: false} as const;
      await model.fit(x, y, {
        ...options,
        callbacks: [new callbacks.LearningRateScheduler((epoch: number) => [0.05, 0.001, 0][epoch] ?? 0)],
      });
      const before = first.getWeights().map((weight) => weight.array());
      first.trainable = false;
      if (model.optimizer !== null) model.optimizer.learningRate = 0.1;
      await model.fit(x, y, options);
      expect(first.getWeights().map((weight) => weight.array())).toEqual(before);
      runs.push(model.getWeights().map((weight) => weight.flatten().array(1)));
    }
    expectNear(runs[1], runs[0]);
  });

  test('a step of the user: compiled where it is asked for, as it is with auto', async () => {
    let calls = 0;
    class Own extends Model {
      readonly dense = new layers.Dense(1);
      override call(inputs: Tensor) {
        return this.dense(inputs);
      }
      override trainStep(batch: Batch): StepLogs {
        calls += 1;
        return super.trainStep(batch as never);
      }
    }
    const counts = [];
    for (const jitCompile of [true, 'auto'] as const) {
      calls = 0;
      const model = new Own().compile({optimizer: 'sgd', loss: 'mse', jitCompile});
      const {history} = await model.fit(x, ops.ones([40, 1]), {epochs: 5, batchSize: 20, verbose: 0});
      expect(history.loss.at(-1)).toBeLessThan(history.loss[0] ?? 0);
      counts.push(calls);
    }
    // 10 steps: the first as it is, then one to compile.
    expect(counts).toEqual([2, 10]);
  });

  test('a learning rate that is a JavaScript function is asked at every step', async () => {
    const runs = [];
    for (const jitCompile of [false, true, 'auto'] as const) {
      setSeed(8);
      const steps: number[] = [];
      const rate = (step: number) => {
        steps.push(step);
        return 0.1 / (1 + step);
      };
      const model = dense(new layers.Dense(1)).compile({optimizer: new optimizers.SGD(rate), loss: 'mse', jitCompile});
      await model.fit(x, ops.sum(x, {axis: 1, keepdims: true}), {epochs: 3, batchSize: 20, verbose: 0});
      expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
      runs.push(model.getWeights().map((weight) => weight.flatten().array(1)));
    }
    expectNear(runs[1], runs[0]);
    expectNear(runs[2], runs[0]);
  });

  test('with auto, code of the user runs at every step', async () => {
    const counts: Record<string, number> = {};
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const own = (value: Tensor) => {
      count('activation');
      return value;
    };
    class Plain extends layers.Dense {}
    class Own extends layers.Dense {
      override call(inputs: Tensor, options: CallOptions) {
        count('layer');
        return super.call(inputs, options);
      }
    }
    const loss = (yTrue: Tensor, yPred: Tensor) => {
      count('loss');
      return yPred.sub(yTrue).square();
    };
    class Schedule extends optimizers.schedules.LearningRateSchedule {
      override call(step: Tensor) {
        count('schedule');
        return step.cast('float32').mul(0).add(0.01);
      }
      override getConfig() {
        return {};
      }
    }
    const fit = (layer: Layer, settings: CompileSettings) =>
      dense(layer)
        .compile({optimizer: 'sgd', loss: 'mse', ...settings})
        .fit(x, ops.ones([40, 1]), {epochs: 2, batchSize: 10, verbose: 0});
    await fit(new layers.Dense(1, {activation: own}), {});
    await fit(new layers.Lambda((value: Tensor) => (count('lambda'), value.mul(2))), {loss: 'mae'}).catch(
      () => undefined,
    );
    await fit(new Own(1), {});
    await fit(new Plain(1), {loss});
    await fit(new layers.Dense(1), {optimizer: new optimizers.SGD(new Schedule())});
    // Once more where a model is built.
    expect(counts['loss']).toBe(8);
    expect(counts['schedule']).toBe(8);
    expect(counts['activation']).toBeGreaterThanOrEqual(8);
    expect(counts['layer']).toBeGreaterThanOrEqual(8);
  });

  test('options of layers that change between two calls, and shapes of all kinds', async () => {
    const dropout = new layers.Dropout(0.5, {seed: 1});
    const make = (middle: Layer, runEagerly: boolean) =>
      dense(new layers.Dense(4), middle, new layers.Dense(1)).compile({optimizer: 'sgd', loss: 'mse', runEagerly});
    const model = make(dropout, false);
    const y = ops.sum(x, {axis: 1, keepdims: true});
    const options = {epochs: 2, batchSize: 20, verbose: 0, shuffle: false} as const;
    await model.fit(x, y, options);
    Object.assign(dropout, {rate: 0});
    const other = make(new layers.Dropout(0), true);
    other.setWeights(model.getWeights());
    await model.fit(x, y, options);
    await other.fit(x, y, options);
    expectNear(
      model.getWeights().map((weight) => weight.flatten().array(1)),
      other.getWeights().map((weight) => weight.flatten().array(1)),
    );
    for (let n = 1; n <= 20; n++) {
      const part = x.at(slice(0, n));
      for (let again = 0; again < 3; again++) {
        expectNear((await model.predict(part, {verbose: 0})).array(2), model(part).array(2));
      }
    }
  });

  test('what cannot be compiled is an error only where a program was asked for', async () => {
    const own = new WeakSet<Tensor>();
    const loss = (yTrue: Tensor, yPred: Tensor) => {
      own.add(new Variable(ops.zeros([])));
      return yPred.sub(yTrue).square();
    };
    const fit = (jitCompile: JitCompile) =>
      dense(new layers.Dense(1))
        .compile({optimizer: 'sgd', loss, jitCompile})
        .fit(x, ops.ones([40, 1]), {epochs: 2, batchSize: 20, verbose: 0});
    await expect(fit(true)).rejects.toThrow(/makes 1 new Variables at every call/);
    expect((await fit('auto')).history.loss).toHaveLength(2);
  });

  test('hooks of batches every few steps, with the logs of the last one', async () => {
    const events: string[] = [];
    const model = dense(new layers.Dense(1)).compile({optimizer: 'sgd', loss: 'mse', stepsPerExecution: 3});
    const hooks = {
      onTrainBatchBegin: (batch: number) => void events.push(`begin ${String(batch)}`),
      onTrainBatchEnd: (batch: number) => void events.push(`end ${String(batch)}`),
      onTestBatchEnd: (batch: number) => void events.push(`test ${String(batch)}`),
      onPredictBatchEnd: (batch: number) => void events.push(`predict ${String(batch)}`),
    };
    const y = ops.ones([40, 1]);
    await model.fit(x, y, {batchSize: 5, verbose: 0, callbacks: [hooks], validationData: [x, y]});
    await model.predict(x, {batchSize: 10, verbose: 0, callbacks: [hooks]});
    expect(events).toEqual(
      ['begin 0', 'end 2', 'begin 3', 'end 5', 'begin 6', 'end 7'].concat(
        ['test 2', 'test 5', 'test 7'],
        ['predict 2', 'predict 3'],
      ),
    );
  });

  test('options that do not exist', () => {
    const compile = (settings: object) => () => dense(new layers.Dense(1)).compile({loss: 'mse', ...settings});
    expect(compile({jitCompile: 'always'})).toThrow(
      'compile: jitCompile must be true, false or \'auto\', got "always"',
    );
    expect(compile({runEagerly: 1})).toThrow('compile: runEagerly must be true or false, got 1');
    expect(compile({stepsPerExecution: 0})).toThrow('compile: stepsPerExecution must be a positive integer, got 0');
  });
});
