import {ops, setSeed, tensor, type Tensor} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {type CompileOptions} from '../model/types.js';

beforeEach(() => {
  clearSession();
  setSeed(3);
});

const quiet = {verbose: 0} as const;

/** Two inputs and two outputs whose weights begin at one, so that every form of data gives the same numbers. */
function listed() {
  const a = Input({shape: [2], name: 'a'});
  const b = Input({shape: [2], name: 'b'});
  const ones = {kernelInitializer: 'ones', useBias: false} as const;
  const sum = new layers.Dense(1, {...ones, name: 'sum'})(a.add(b));
  const first = new layers.Dense(1, {...ones, name: 'first'})(a);
  return {model: new Model({inputs: [a, b], outputs: [sum, first]}), ends: {a, b, sum, first}};
}

const xa = [[1, 2], [3, 4], [5, 6]]; // prettier-ignore
const xb = [[1, 0], [0, 1], [1, 1]]; // prettier-ignore
const sums = [[4], [8], [13]];
const firsts = [[3], [7], [11]];
const wrong = [[3], [6], [11]];
// first is off by 1 for one of the two batches of sizes 2 and 1.
const [sumLoss, firstLoss] = [0, 1 / 3];

describe('data and targets in every form give the same result', () => {
  const forms: [string, unknown, unknown][] = [
    ['lists of plain arrays', [xa, xb], [sums, wrong]],
    ['lists of tensors', [tensor(xa), tensor(xb)], [tensor(sums), tensor(wrong)]],
    ['by name', {b: xb, a: xa}, {first: wrong, sum: sums}],
    [
      'typed arrays',
      {a: tensor(xa), b: tensor(xb)},
      {sum: Float32Array.of(4, 8, 13), first: Float32Array.of(3, 6, 11)},
    ],
  ];
  test.each(forms)('%s', async (_, x, y) => {
    const {model} = listed();
    model.compile({loss: 'mse', optimizer: 'sgd'});
    const result = await model.evaluate(x as never, y as never, {...quiet, batchSize: 2});
    expect(Object.keys(result).filter((key) => !/^\d+$/.test(key))).toEqual(['first_loss', 'loss', 'sum_loss']);
    expect(result.loss).toBeCloseTo(sumLoss + firstLoss, 5);
    expect([...result]).toHaveLength(3);
    expect(Object.keys(model.testOnBatch(x as never, y as never))).toContain('first_loss');
  });

  test('batches of a generator', async () => {
    const {model} = listed();
    model.compile({loss: 'mse', optimizer: 'sgd'});
    const batches = function* () {
      yield [
        {a: tensor(xa), b: tensor(xb)},
        {sum: tensor(sums), first: tensor(wrong)},
      ];
    };
    expect((await model.evaluate(batches, quiet)).loss).toBeCloseTo(1 / 3, 5);
  });
});

describe('losses, weights and metrics of each output', () => {
  const data = {x: {a: xa, b: xb}, y: {sum: sums, first: wrong}};

  test.each([
    ['lists', {loss: ['mse', 'mae'], lossWeights: [1, 3], metrics: [['mse'], ['mae', 'mse']]}],
    [
      'by name',
      {
        loss: {first: 'mae', sum: 'mse'},
        lossWeights: {first: 3, sum: 1},
        metrics: {first: ['mae', 'mse'], sum: ['mse']},
      },
    ],
  ] as [string, CompileOptions][])('%s', async (_, options) => {
    const {model} = listed();
    model.compile({...options, optimizer: 'sgd'});
    const result = await model.evaluate(data.x, data.y, quiet);
    expect(result.loss).toBeCloseTo(1, 5);
    expect(result['first_mae']).toBeCloseTo(1 / 3, 5);
    expect(Object.keys(result).filter((key) => !/^\d+$/.test(key))).toEqual([
      'first_loss',
      'first_mae',
      'first_mse',
      'loss',
      'sum_loss',
      'sum_mse',
    ]);
  });

  test('an output without a loss, and weights of samples by output', async () => {
    const {model} = listed();
    model.compile({loss: {first: 'mse'}, optimizer: 'sgd'});
    const targets = {first: wrong};
    const weighted = await model.evaluate(data.x, targets, {...quiet, sampleWeight: {first: [1, 6, 1]}});
    expect(weighted.loss).toBeCloseTo(2, 5);
  });

  test('validation data in lists, and the history of a dictionary of outputs', async () => {
    const {ends} = listed();
    const {a, b, sum, first} = ends;
    const model = new Model({inputs: {left: a, right: b}, outputs: {total: sum, part: first}});
    model.compile({loss: {total: 'mse', part: 'mse'}, metrics: {part: ['mae']}, optimizer: 'sgd'});
    const x = {left: xa, right: xb};
    const y = {total: sums, part: firsts};
    const {history} = await model.fit(x, y, {...quiet, epochs: 2, validationData: [x, y]});
    const keys = ['loss', 'part_loss', 'part_mae', 'total_loss'];
    expect(Object.keys(history).sort()).toEqual([...keys, ...keys.map((key) => `val_${key}`)]);
    const predicted = await model.predict(x, {...quiet, batchSize: 2});
    expect(predicted.total.shape).toEqual([3, 1]);
    const {model: lists} = listed();
    lists.compile({loss: 'mse', optimizer: 'sgd'});
    const fitted = await lists.fit([xa, xb], [sums, firsts], {...quiet, validationData: [[xa, xb], [sums, firsts]]}); // prettier-ignore
    expect(fitted.history['val_loss']).toHaveLength(1);
  });

  test('only a part of the model is trained', async () => {
    const {model} = listed();
    model.getLayer('sum').trainable = false;
    model.compile({loss: 'mse', optimizer: 'sgd'});
    const before = model.getWeights().map((w) => w.array());
    await model.fit([xa, xb], [sums, [[9], [9], [9]]], quiet);
    const after = model.getWeights().map((w) => w.array());
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });
});

describe('mistakes are named', () => {
  const fit = (x: unknown, y: unknown, options: object = {loss: 'mse'}) => {
    const {model} = listed();
    model.compile({optimizer: 'sgd', ...options});
    return model.fit(x as never, y as never, quiet);
  };
  const x = [tensor(xa), tensor(xb)];
  const y = [tensor(sums), tensor(firsts)];
  test.each([
    ['one array of inputs', () => fit(tensor(xa), y), 'functional: expects a list of 2 inputs (a, b), got a Tensor'],
    ['three arrays of inputs', () => fit([...x, x[0]], y), 'functional: expects a list of 2 inputs (a, b), got 3'],
    ['a wrong name', () => fit({a: xa, c: xb}, y), 'functional: expects inputs by the names a, b, got a, c'],
    [
      'one array of targets',
      () => fit(x, tensor(sums)),
      'the model has 2 outputs, got one array as y; give one per output',
    ],
    ['three arrays of targets', () => fit(x, [...y, y[0]]), 'the model has 2 outputs, got 3 arrays as y'],
    [
      'targets of another name',
      () => fit(x, {sum: sums, last: firsts}),
      'y has "last", the outputs of the model are sum, first',
    ],
    [
      'a loss of another name',
      () => fit(x, y, {loss: {sum: 'mse', last: 'mse'}}),
      'loss has "last", the outputs of the model are sum, first',
    ],
    ['too many losses', () => fit(x, y, {loss: ['mse', 'mse', 'mse']}), 'loss has 3 entries, the model has 2 outputs'],
    ['metrics of another name', () => fit(x, y, {loss: 'mse', metrics: {last: ['mae']}}), 'metrics has "last"'],
    [
      'samples that differ',
      () => fit([tensor(xa), tensor([[1, 2]])], y),
      'all arrays must have the same number of samples',
    ],
    [
      'a wrong shape',
      () => fit([tensor(xa), tensor(sums)], y),
      'functional: the input "b" must have shape (None,2), got (3,1)',
    ],
    [
      'a symbolic tensor as data',
      () => fit([Input({shape: [2]}), tensor(xb)], y),
      'is a symbolic tensor, which has no values',
    ],
  ] as [string, () => Promise<unknown>, string][])('%s', async (_, run, sentence) => {
    await expect(run()).rejects.toThrow(sentence);
  });
});

test('a custom loop reaches the layers of a graph', () => {
  const {model} = listed();
  const [sum]: readonly [Tensor, Tensor] = model([tensor(xa), tensor(xb)], {training: true});
  expect(sum.array()).toEqual(sums);
  expect(ops.shape(sum)).toEqual([3, 1]);
});
