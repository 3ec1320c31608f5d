// What the project must reproduce of training by objects, each test named by its line.
import {
  callbacks,
  clearSession,
  layers,
  losses,
  metrics,
  ops,
  optimizers,
  random,
  Sequential,
  setSeed,
  type Tensor,
} from 'keratin';
import {beforeEach, describe, expect, test} from 'vitest';

beforeEach(() => {
  clearSession();
  setSeed(42);
});

const x = () => random.normal([120, 4]);
const classes = (data: Tensor) => ops.argmax(data.at(':', ':3'), 1);
const classifier = () =>
  new Sequential([new layers.Dense(16, {activation: 'relu'}), new layers.Dense(3, {activation: 'softmax'})]);

describe('004-6: training by objects and functions', () => {
  test('objects, functions and ids give the same numbers', async () => {
    const run = async (
      loss: 'sparse_categorical_crossentropy' | losses.Loss | typeof own,
      metric: 'accuracy' | metrics.SparseCategoricalAccuracy<'accuracy'>,
    ) => {
      clearSession();
      setSeed(1);
      const data = x();
      const model = classifier().compile({
        optimizer: new optimizers.RMSprop({learningRate: 1e-4}),
        loss,
        metrics: [metric],
      });
      const {history} = await model.fit(data, classes(data), {epochs: 2, verbose: 0});
      return [history.loss, history.accuracy];
    };
    const own = (yTrue: Tensor, yPred: Tensor) => losses.sparseCategoricalCrossentropy(yTrue, yPred);
    const expected = await run('sparse_categorical_crossentropy', 'accuracy');
    expect(
      await run(new losses.SparseCategoricalCrossentropy(), new metrics.SparseCategoricalAccuracy({name: 'accuracy'})),
    ).toEqual(expected);
    expect(await run(own, 'accuracy')).toEqual(expected);
  });

  test("the notes' metrics.Accuracy() on probabilities is refused with a sentence", async () => {
    const data = x();
    const model = classifier().compile({loss: 'sparse_categorical_crossentropy', metrics: [new metrics.Accuracy()]});
    await expect(model.fit(data, classes(data), {verbose: 0})).rejects.toThrow('SparseCategoricalAccuracy');
  });
});

test('004-7: each optimizer of the list learns', async () => {
  const {SGD, Adagrad, RMSprop, Adam, Nadam, AdamW} = optimizers;
  const list = [
    new SGD(0.1),
    new SGD(0.05, {momentum: 0.9}),
    new Adagrad(0.1),
    new RMSprop(0.01),
    new Adam(0.01),
    new Nadam(0.01),
    new AdamW(0.01),
  ];
  for (const optimizer of list) {
    const data = x();
    const model = classifier().compile({optimizer, loss: new losses.SparseCategoricalCrossentropy()});
    const {history} = await model.fit(data, classes(data), {epochs: 8, verbose: 0});
    expect(history.loss.at(-1), optimizer.name).toBeLessThan(0.8 * (history.loss[0] ?? 0));
  }
});

test('004-8: the keys of the History, a second fit that goes on, and model(x) against predict', async () => {
  const data = x();
  const order = random.permutation(120);
  const [train, validation] = [order.at(':84'), order.at('84:')];
  const of = (rows: Tensor) => [data.at(rows), classes(data).at(rows)] as const;
  const model = classifier().compile({
    optimizer: 'rmsprop',
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  const options = {epochs: 3, batchSize: 12, validationData: of(validation), verbose: 0} as const;
  const first = await model.fit(...of(train), options);
  expect(Object.keys(first.history).sort()).toEqual(['accuracy', 'loss', 'val_accuracy', 'val_loss']);
  const second = await model.fit(...of(train), options);
  expect(second.history.loss[0]).toBeLessThan(first.history.loss.at(-1) ?? 0);
  const difference = ops.abs(model(data).sub(await model.predict(data, {batchSize: 128, verbose: 0})));
  expect(ops.max(difference).item()).toBeLessThan(1e-6);
});

test('001-5: a callback ends training where it is good enough', async () => {
  class Stop extends callbacks.Callback {
    override onEpochEnd(_: number, logs: callbacks.Logs) {
      if ((logs['accuracy'] ?? 0) > 0.6) this.model.stopTraining = true;
    }
  }
  const data = x();
  const model = classifier().compile({
    optimizer: new optimizers.Adam(0.05),
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  const {epoch} = await model.fit(data, classes(data), {epochs: 100, verbose: 0, callbacks: [new Stop()]});
  expect(epoch.length).toBeLessThan(100);
});
