import {ops, random, setSeed, tensor, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {afterEach, describe, expect, test, vi} from 'vitest';
import {type Logs} from '../callbacks/callback.js';
import * as callbacks from '../callbacks/index.js';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import * as optimizers from '../optimizers/index.js';
import {bits, data, quiet} from '../testing/regression.js';

function build(units = 1, inputs = 2) {
  return new Sequential([
    Input({shape: [inputs]}),
    new layers.Dense(4, {activation: 'tanh'}),
    new layers.Dense(units),
  ]).compile({optimizer: new optimizers.SGD(0.05), loss: 'mse', metrics: ['mae']});
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('fit', () => {
  test('the same seed gives the same bits, with shuffling and dropout', async () => {
    const run = async () => {
      setSeed(42);
      const model = new Sequential([
        new layers.Dense(8, {activation: 'relu', inputShape: [2]}),
        new layers.Dropout(0.5),
        new layers.Dense(1),
      ]).compile({optimizer: 'adam', loss: 'mse'});
      const {history} = await model.fit(...data(), {epochs: 3, batchSize: 4, ...quiet});
      return {history, weights: bits(model)};
    };
    const [first, second] = [await run(), await run()];
    expect(second).toEqual(first);
    setSeed(43);
    expect(bits(build())).not.toEqual(bits(build()));
  });

  test('a second fit goes on from the first, and shuffles anew', async () => {
    setSeed(1);
    const model = build();
    const [x, y] = data();
    const first = await model.fit(x, y, {epochs: 3, ...quiet});
    const second = await model.fit(x, y, {epochs: 3, ...quiet});
    expect(second.history.loss[0]).toBeLessThan(first.history.loss[2] ?? 0);
    expect(model.history).toBe(second);
    expect(second.params).toEqual({verbose: 0, epochs: 3, steps: 1});
    expect(second.epoch).toEqual([0, 1, 2]);
  });

  test('two fits at once on one model are an error, and the first goes on', async () => {
    const model = build();
    const [x, y] = data();
    const running = model.fit(x, y, {epochs: 2, ...quiet});
    await expect(model.fit(x, y, quiet)).rejects.toThrow(/^fit: model "sequential(_\d+)?" is being trained already/);
    expect(() => model.trainOnBatch(x, y)).toThrow('is being trained by fit');
    expect(() => model.compile({loss: 'mse'})).toThrow('is being trained');
    expect((await running).history.loss.length).toBe(2);
    await model.fit(x, y, quiet);
  });

  test('a callback that throws leaves the model usable', async () => {
    const model = build();
    const [x, y] = data();
    const broken = {
      onTrainBatchEnd() {
        throw new Error('broken');
      },
    };
    await expect(model.fit(x, y, {callbacks: [broken], ...quiet})).rejects.toThrow('broken');
    await expect(
      model.fit(x, y, {callbacks: [{onEpochEnd: () => Promise.reject(new Error('late'))}], ...quiet}),
    ).rejects.toThrow('late');
    expect((await model.fit(x, y, quiet)).history.loss.length).toBe(1);
  });

  test('a signal ends training after the step, with the epochs that were finished', async () => {
    const model = build();
    const [x, y] = data();
    const controller = new AbortController();
    const events: string[] = [];
    const spy: callbacks.CallbackHooks = {
      onTrainBatchEnd(batch) {
        events.push(`batch ${String(batch)}`);
        if (events.length === 9) controller.abort(new Error('enough'));
      },
      onTestBegin: () => void events.push('test'),
      onEpochEnd: () => void events.push('epoch'),
      onTrainEnd: () => void events.push('end'),
    };
    const {signal} = controller;
    const options = {epochs: 5, batchSize: 4, validationData: [x, y], callbacks: [spy], signal, ...quiet} as const;
    const {history, epoch} = await model.fit(x, y, options);
    expect(events.slice(-4)).toEqual(['epoch', 'batch 0', 'batch 1', 'end']);
    expect(epoch).toEqual([0]);
    expect(history.val_loss).toHaveLength(1);
    await expect(model.fit(x, y, options)).rejects.toThrow('enough');
    await model.fit(x, y, {signal: new AbortController().signal, ...quiet});
  });

  test('a signal ends a validation, and its epoch is not recorded', async () => {
    const model = build();
    const [x, y] = data();
    const controller = new AbortController();
    let tests = 0;
    const spy: callbacks.CallbackHooks = {
      onTestBatchEnd(batch) {
        tests += 1;
        if (batch === 1) controller.abort();
      },
    };
    const {epoch} = await model.fit(x, y, {
      epochs: 5,
      batchSize: 4,
      validationData: [x, y],
      callbacks: [spy],
      signal: controller.signal,
      ...quiet,
    });
    expect([tests, epoch]).toEqual([2, []]);
  });

  test('the first Ctrl+C ends it the same way, the next is left to the process', async () => {
    const model = build();
    const [x, y] = data();
    const listeners = process.listenerCount('SIGINT');
    const seen: number[] = [];
    const spy: callbacks.CallbackHooks = {
      onTrainBatchEnd() {
        seen.push(process.listenerCount('SIGINT') - listeners);
        if (seen.length === 2) process.emit('SIGINT');
      },
      onTrainEnd: () => void seen.push(process.listenerCount('SIGINT') - listeners),
    };
    const {epoch} = await model.fit(x, y, {epochs: 5, batchSize: 4, callbacks: [spy], ...quiet});
    expect([epoch, seen]).toEqual([[], [1, 1, 0]]);
    await model.fit(x, y, quiet);
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });

  test('timers run beside it', async () => {
    const model = build();
    const [x, y] = data(1000);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const started = performance.now();
    const onEpochEnd = () => {
      model.stopTraining = performance.now() - started > 100;
    };
    await model.fit(x, y, {epochs: 100_000, batchSize: 4, callbacks: [{onEpochEnd}], ...quiet});
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  test('stopTraining ends it after the batch', async () => {
    const model = build();
    const [x, y] = data();
    class Stop extends callbacks.Callback {
      override onTrainBatchEnd(batch: number) {
        if (batch === 1) this.model.stopTraining = true;
      }
    }
    const {epoch} = await model.fit(x, y, {epochs: 5, batchSize: 4, callbacks: [new Stop()], ...quiet});
    expect(epoch).toEqual([0]);
    // The next fit starts afresh.
    expect((await model.fit(x, y, {epochs: 2, ...quiet})).epoch).toEqual([0, 1]);
  });

  test('each sample is seen once an epoch, in a new order', async () => {
    const seen: number[][] = [];
    class Spy extends Model {
      readonly dense = new layers.Dense(1);
      override call(x: Tensor, {training}: {training?: boolean | undefined}) {
        if (training === true && !x.symbolic) seen.push([...(x.data() as Float32Array)]);
        return this.dense(x);
      }
    }
    const model = new Spy().compile({optimizer: 'sgd', loss: 'mse'});
    const x = ops.arange(10).cast('float32').reshape([10, 1]);
    const order = async (shuffle: boolean | 'batch') => {
      seen.length = 0;
      await model.fit(x, x, {epochs: 2, batchSize: 4, shuffle, ...quiet});
      return [seen.slice(0, 3).flat(), seen.slice(3).flat()] as const;
    };
    const ascending = Array.from({length: 10}, (_, i) => i);
    const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
    setSeed(5);
    const [first, second] = await order(true);
    expect(sorted(first)).toEqual(ascending);
    expect(sorted(second)).toEqual(ascending);
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(ascending);
    expect(await order(false)).toEqual([ascending, ascending]);
    const [within] = await order('batch');
    expect(sorted(within.slice(0, 4))).toEqual([0, 1, 2, 3]);
    expect(within).not.toEqual(ascending);
  });
});

describe('data', () => {
  test('typed and nested arrays, integers and doubles', async () => {
    const model = build();
    const x = [
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    const y = [[1], [1], [0]];
    const {history} = await model.fit(x, y, quiet);
    expect(history.loss.length).toBe(1);
    await model.fit(tensor(x, 'float64'), tensor(y, 'int32'), quiet);
    await model.fit(tensor(new Uint8Array(6), {shape: [3, 2]}), new Float64Array(3), quiet);
  });

  test('samples without the last axis of one are accepted', async () => {
    const model = new Sequential([Input({shape: [4, 4, 1]}), new layers.Flatten(), new layers.Dense(1)]).compile({
      loss: 'mse',
    });
    const x = random.uniform([6, 4, 4]);
    await model.fit(x, ops.ones([6, 1]), quiet);
    expect((await model.predict(x, quiet)).shape).toEqual([6, 1]);
    expect(model(x).shape).toEqual([6, 1]);
    const flat = new Sequential([Input({shape: [3]}), new layers.Dense(1)]);
    expect(flat(ops.ones([2, 3, 1])).shape).toEqual([2, 1]);
  });

  test('lists and dictionaries of inputs and outputs', async () => {
    class Pair extends Model<readonly [Tensor, Tensor], {sum: Tensor; product: Tensor}> {
      readonly a = new layers.Dense(1);
      readonly b = new layers.Dense(1);
      override call([x, z]: readonly [Tensor, Tensor]) {
        return {sum: this.a(x), product: this.b(z)};
      }
    }
    const model = new Pair().compile({optimizer: 'sgd', loss: 'mse', metrics: {sum: ['mae']}});
    const [x, y] = data(10);
    const {history} = await model.fit([x, x], {sum: y, product: y}, {epochs: 2, batchSize: 4, ...quiet});
    expect(Object.keys(history)).toEqual(['loss', 'product_loss', 'sum_loss', 'sum_mae']);
    const predicted = await model.predict([x, x], {batchSize: 4, ...quiet});
    expect([predicted.sum.shape, predicted.product.shape]).toEqual([
      [10, 1],
      [10, 1],
    ]);
    const direct = model([x, x]);
    expect(predicted.sum.array(2)).toEqual(direct.sum.array(2));
    expect(predicted.product.array(2)).toEqual(direct.product.array(2));

    class Named extends Model<{p: Tensor; q: Tensor}> {
      readonly dense = new layers.Dense(1);
      override call({p, q}: {p: Tensor; q: Tensor}) {
        return this.dense(p.add(q));
      }
    }
    const named = new Named().compile({optimizer: 'sgd', loss: 'mse'});
    await named.fit({p: x, q: x}, y, quiet);
    expect((await named.predict({p: x, q: x}, quiet)).shape).toEqual([10, 1]);
  });

  test('generators: functions start them again, objects are used up', async () => {
    const model = build();
    function* batches() {
      for (let i = 0; i < 3; i++) yield data(4);
    }
    async function* slow() {
      for (let i = 0; i < 3; i++) {
        await Promise.resolve();
        yield [...data(4), ops.ones([4])];
      }
    }
    const {history} = await model.fit(batches, {epochs: 2, validationData: slow, ...quiet});
    expect(history.val_loss.length).toBe(2);
    await model.fit(slow(), quiet);
    await expect(model.fit(batches(), {epochs: 2, ...quiet})).rejects.toThrow(
      'fit: the data was used up by the epoch before; pass the generator function itself, or a dataset, so that each epoch can start it again',
    );
    expect((await model.evaluate(batches, quiet)).loss).toBeGreaterThan(0);
    expect((await model.predict(batches, quiet)).shape).toEqual([12, 1]);
  });

  test('an endless generator with stepsPerEpoch is closed at the end', async () => {
    const model = build();
    let given = 0;
    let closed = false;
    async function* endless() {
      try {
        while (true) {
          given++;
          yield await Promise.resolve(data(4));
        }
      } finally {
        closed = true;
      }
    }
    const {epoch} = await model.fit(endless, {epochs: 3, stepsPerEpoch: 2, ...quiet});
    expect(epoch).toEqual([0, 1, 2]);
    expect(given).toBe(6);
    expect(closed).toBe(true);
  });

  test('data that runs out early ends the epoch with a warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const model = build();
    await model.fit(...data(12), {batchSize: 4, stepsPerEpoch: 2, epochs: 2, ...quiet});
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('ran out after 1 of 2 steps'), 'KeratinWarning');
  });
});

describe('evaluate and predict', () => {
  test('the result is a dictionary and a tuple', async () => {
    const model = build();
    const [x, y] = data();
    const result = await model.evaluate(x, y, quiet);
    const [loss, mae] = result;
    expect([result.loss, result.mae]).toEqual([loss, mae]);
    expect(result.length).toBe(2);
    expect(model.testOnBatch(x, y).loss).toBeCloseTo(loss, 5);
  });

  test('several predictions run at once, also beside a fit', async () => {
    const model = build();
    const [x, y] = data(40);
    const direct = model(x).array(2);
    const results = await Promise.all([1, 2, 3].map(() => model.predict(x, {batchSize: 7, ...quiet})));
    for (const result of results) {
      result.array(2).forEach((row, i) => expect(row[0]).toBeCloseTo(direct[i]?.[0] ?? NaN, 5));
    }
    const running = model.fit(x, y, {epochs: 3, ...quiet});
    expect((await model.predict(x, quiet)).shape).toEqual([40, 1]);
    await expect(model.evaluate(x, y, quiet)).rejects.toThrow('is being trained, and its metrics are in use');
    await running;
  });

  test('a callback may evaluate, and must wait for it', async () => {
    const model = build();
    const [x, y] = data();
    const losses: number[] = [];
    await model.fit(x, y, {
      epochs: 2,
      callbacks: [{onEpochEnd: async () => void losses.push((await model.evaluate(x, y, quiet)).loss)}],
      ...quiet,
    });
    expect(losses.length).toBe(2);
    const careless = {onEpochEnd: () => void model.evaluate(x, y, quiet)};
    await expect(model.fit(x, y, {epochs: 3, callbacks: [careless], ...quiet})).rejects.toThrow(
      'a callback that evaluates must wait for it (await)',
    );
  });

  test('a model that was not compiled predicts', async () => {
    const model = new Sequential([new layers.Dense(3)]);
    expect((await model.predict([[1, 2]], quiet)).shape).toEqual([1, 3]);
    expect(model.predictOnBatch([[1, 2]]).shape).toEqual([1, 3]);
  });
});

describe('steps of a subclass', () => {
  test('trainStep gives its own logs', async () => {
    class Own extends Model {
      readonly dense = new layers.Dense(1);
      override call(x: Tensor) {
        return this.dense(x);
      }
      override trainStep(batch: Parameters<Model['trainStep']>[0]) {
        return {...super.trainStep(batch), samples: batch.size, norm: ops.ones([]).mul(2)};
      }
    }
    const model = new Own().compile({optimizer: 'sgd', loss: 'mse', metrics: ['mae']});
    const logs: Logs[] = [];
    const {history} = await model.fit(...data(10), {
      batchSize: 4,
      callbacks: [{onTrainBatchEnd: (_: number, values: Logs) => void logs.push(values)}],
      ...quiet,
    });
    expect(Object.keys(history)).toEqual(['loss', 'mae', 'norm', 'samples']);
    expect(logs.map((values) => values['samples'])).toEqual([4, 4, 2]);
    expect(logs[0]?.['norm']).toBe(2);
  });

  test('computeLoss and added losses', async () => {
    class Penalized extends layers.Layer {
      override call(x: Tensor) {
        this.addLoss(x.square().mean().mul(0.5));
        return x;
      }
    }
    class Doubled extends Sequential {
      override computeLoss(given: Parameters<Sequential['computeLoss']>[0]) {
        return super.computeLoss(given).mul(2);
      }
    }
    const [x, y] = data(10);
    const zero = {kernelInitializer: 'zeros'} as const;
    const plain = new Sequential([Input({shape: [2]}), new Penalized(), new layers.Dense(1, zero)]).compile({
      loss: 'mse',
    });
    const doubled = new Doubled([Input({shape: [2]}), new Penalized(), new layers.Dense(1, zero)]).compile({
      loss: 'mse',
    });
    const expected = y.square().mean().item() + 0.5 * x.square().mean().item();
    expect((await plain.evaluate(x, y, quiet)).loss).toBeCloseTo(expected, 5);
    expect((await doubled.evaluate(x, y, quiet)).loss).toBeCloseTo(2 * expected, 5);
    const onlyAdded = new Sequential([new Penalized(), new layers.Dense(2)]).compile({});
    expect((await onlyAdded.evaluate(x, y, quiet)).loss).toBeCloseTo(0.5 * x.square().mean().item(), 5);
  });

  test('penalties of weights follow trainable', () => {
    const model = new Sequential([
      new layers.Dense(1, {kernelRegularizer: 'l2', kernelInitializer: 'ones', inputShape: [2]}),
    ]).compile({loss: 'mse', optimizer: new optimizers.SGD(1e-9)});
    const x = ops.zeros([4, 2]);
    const y = ops.zeros([4, 1]);
    expect(model.trainOnBatch(x, y).loss).toBeCloseTo(0.02, 6);
    model.getLayer(0).trainable = false;
    expect(model.testOnBatch(x, y).loss).toBe(0);
    model.getLayer(0).trainable = true;
    expect(model.trainOnBatch(x, y).loss).toBeCloseTo(0.02, 6);
  });
});
