import {
  ops,
  registerKerasSerializable,
  ShapeError,
  type Tensor,
  tensor,
  UnknownOptionError,
  ValueError,
} from '@keratin/core';
import {resetNames, withMask} from '@keratin/core/internal';
import {inspect} from 'node:util';
import {beforeEach, describe, expect, expectTypeOf, test} from 'vitest';
import {expectClose} from '../testing/golden.js';
import * as losses from '../losses/index.js';
import * as metrics from './index.js';

beforeEach(resetNames);

class Count extends metrics.Metric {
  readonly seen = this.addVariable({name: 'seen'});
  readonly inner = new metrics.Mean();
  updateState(yTrue: Tensor): void {
    this.seen.assignAdd(yTrue.length);
    this.inner.updateState(yTrue);
  }
  result(): Tensor {
    return this.seen.readValue();
  }
}

describe('custom metrics', () => {
  test('keep state in variables, are called like functions and start over', () => {
    const count = new Count();
    expect(count.name).toBe('count');
    expect(count(tensor([1, 2])).item()).toBe(2);
    expect(count(tensor([5])).item()).toBe(3);
    expect(count.inner.result().item()).toBeCloseTo(8 / 3, 6);
    expect(count.variables.map(({path}) => path)).toEqual(['count/seen', 'mean/total', 'mean/count']);
    count.resetState();
    expect(count.result().item()).toBe(0);
    expect(count.inner.result().item()).toBe(0);
    expect(inspect(count)).toMatch(/^Count \{/);
  });

  test('are written and read by their registered name', () => {
    registerKerasSerializable(Count, {package: 'MetricTest'});
    const node = metrics.serialize(new Count({name: 'n'}));
    expect(node).toMatchObject({class_name: 'Count', registered_name: 'MetricTest>Count', config: {name: 'n'}});
    expect(metrics.deserialize(node)).toBeInstanceOf(Count);
  });

  test('a function becomes the mean of what it gives', () => {
    const largest = (_: Tensor, yPred: Tensor): Tensor => yPred.max(-1);
    const metric = metrics.get(largest);
    expect(metric.name).toBe('largest');
    metric.updateState(...([tensor([0, 0]), tensor([[1, 2], [3, 6]])] as never[])); // prettier-ignore
    expect(metric.result().item()).toBe(4);
  });

  test('weights start as asked for', () => {
    const count = new Count();
    expect(count.addWeight({initializer: 'ones', shape: [2]}).array()).toEqual([1, 1]);
    expect(count.addVariable({initializer: (shape) => ops.full(shape, 3), shape: [1]}).array()).toEqual([3]);
    expect(() => count.addVariable({initializer: 'one' as 'ones'})).toThrow(ValueError);
  });
});

describe('means', () => {
  test('of values, of samples, and weighted', () => {
    const mean = new metrics.Mean();
    expect(mean.result().item()).toBe(0);
    expect(mean([1, 3, 5, 7]).item()).toBe(4);
    mean.resetState();
    expect(mean([1, 3, 5, 7], {sampleWeight: [1, 1, 0, 0]}).item()).toBe(2);
    mean.resetState();
    // Each sample is averaged first.
    expect(mean([[1, 3], [5, 7]]).item()).toBe(4); // prettier-ignore
    expect(mean(10).item()).toBe(6);
  });

  test('masked predictions do not count', () => {
    const metric = new metrics.MeanSquaredError();
    const p = withMask(tensor([[2], [4], [100]]), tensor([true, true, false]));
    expect(metric([[1], [2], [3]], p).item()).toBe(2.5);
  });

  test('root mean squared error with weights', () => {
    const metric = new metrics.RootMeanSquaredError();
    metric.updateState([[0], [0]], [[1], [3]], {sampleWeight: [1, 3]});
    expectClose(metric.result(), Math.sqrt((1 + 27) / 4), 'weighted');
  });
});

describe('accuracies', () => {
  const p = [
    [0.1, 0.9],
    [0.8, 0.2],
    [0.3, 0.7],
  ];
  test.each([
    ['numbers', [1, 0, 0]],
    ['int32', tensor([1, 0, 0], 'int32')],
    ['uint8', tensor([1, 0, 0], 'uint8')],
    ['int64', tensor([1n, 0n, 0n])],
    ['column', tensor([[1], [0], [0]], 'uint8')],
  ])('sparse, with %s', (_, y) => {
    expect(metrics.sparseCategoricalAccuracy(y, p).array()).toEqual([1, 1, 0]);
    expectClose(new metrics.SparseCategoricalAccuracy()(y, p), 2 / 3, 'mean');
  });

  test('"accuracy" is chosen by shapes and keeps its name', () => {
    const binary = metrics.resolveAccuracy([null], [null, 1]);
    expect(binary).toBeInstanceOf(metrics.BinaryAccuracy);
    expect(binary.name).toBe('accuracy');
    expect(metrics.resolveAccuracy([null], [null, 10], 'acc').name).toBe('acc');
    expect(metrics.resolveAccuracy([null], [null, 10])).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
    expect(metrics.resolveAccuracy([null, 1], [null, 10])).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
    expect(metrics.resolveAccuracy([null, 10], [null, 10])).toBeInstanceOf(metrics.CategoricalAccuracy);
  });

  test('top k from sorted ids', () => {
    const ids = tensor([[3, 1, 2], [0, 2, 1]], 'int32'); // prettier-ignore
    expect(metrics.sparseTopKCategoricalAccuracy([1, 1], ids, {k: 2, fromSortedIds: true}).array()).toEqual([1, 0]);
  });
});

test('auc', () => {
  const auc = new metrics.AUC();
  auc.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
  expect(auc.result().item()).toBeCloseTo(0.75, 6);
  expect(auc.name).toBe('auc');
  expect(new metrics.AUC().name).toBe('auc_1');
});

test('the area under the precision-recall-gain curve', () => {
  const auc = new metrics.AUC({curve: 'prgain'});
  auc.updateState([0, 1, 1, 0, 1], [0.1, 0.8, 0.4, 0.45, 0.9]);
  expectClose(auc.result(), 0.53125, 'area');
});

test('directions, which callbacks ask for', () => {
  expect(new metrics.SparseCategoricalAccuracy().direction).toBe('up');
  expect(new metrics.MeanSquaredError().direction).toBe('down');
  expect(new metrics.Mean().direction).toBe(null);
});

describe('ids', () => {
  test.each([
    ['mse', metrics.MeanSquaredError],
    ['mae', metrics.MeanAbsoluteError],
    ['AUC', metrics.AUC],
    ['sparse_categorical_accuracy', metrics.SparseCategoricalAccuracy],
    ['precision', metrics.Precision],
    ['root_mean_squared_error', metrics.RootMeanSquaredError],
  ] as const)('%s', (id, cls) => {
    expect(metrics.get(id)).toBeInstanceOf(cls);
  });
});

describe('mistakes', () => {
  test.each([
    [
      'labels compared with probabilities',
      () => new metrics.Accuracy()([1, 2], ops.ones([2, 3])),
      ShapeError,
      'accuracy: yTrue and yPred must have one shape, got yTrue (2,) and yPred (2,3); it compares labels with labels: for class probabilities use SparseCategoricalAccuracy or CategoricalAccuracy',
    ],
    [
      'class numbers where one-hot targets are needed',
      () => new metrics.CategoricalAccuracy()([1, 2], ops.ones([2, 3])),
      ShapeError,
      'categoricalAccuracy: yTrue and yPred must have one shape, got yTrue (2,) and yPred (2,3); class numbers go with the sparse form',
    ],
    [
      'another number of samples',
      () => new metrics.SparseCategoricalAccuracy()([1, 2, 0], ops.ones([2, 3])),
      ShapeError,
      'sparseCategoricalAccuracy: yTrue must hold one class number for each sample of yPred, got yTrue (3,) and yPred (2,3)',
    ],
    [
      'weights that do not fit',
      () => new metrics.Mean()([1, 2], {sampleWeight: [1, 2, 3]}),
      ShapeError,
      'mean: sampleWeight must fit the values, got sampleWeight (3,) for values of shape (2,)',
    ],
    [
      'weights by position',
      () => new metrics.Mean()([1, 2], [1, 2]),
      ValueError,
      'mean.updateState: options must be an object, got [1, 2]',
    ],
    [
      'an option',
      () => new metrics.AUC({num_thresholds: 3} as object),
      UnknownOptionError,
      'AUC: unknown option "num_thresholds"; here it is called "numThresholds"',
    ],
    [
      'a curve',
      () => new metrics.AUC({curve: 'ROK' as 'ROC'}),
      ValueError,
      'AUC: curve must be one of ROC, PR, PRGAIN, got "ROK"',
    ],
    [
      'k',
      () => new metrics.TopKCategoricalAccuracy({k: 0}),
      ValueError,
      'TopKCategoricalAccuracy: k must be a positive integer, got 0',
    ],
    [
      'a threshold',
      () => new metrics.Precision({thresholds: 2}),
      ValueError,
      'Precision: thresholds must be numbers in [0, 1], got 2',
    ],
    [
      'a rate',
      () => new metrics.PrecisionAtRecall(1.5),
      ValueError,
      'PrecisionAtRecall: recall must be in [0, 1], got 1.5',
    ],
    [
      'class ids',
      () => new metrics.IoU(2, [2]),
      ValueError,
      'IoU: targetClassIds must be class numbers below 2, got [2]',
    ],
    [
      'a misspelt id',
      () => metrics.get('acuracy'),
      UnknownOptionError,
      'unknown metric "acuracy"; did you mean "accuracy"?',
    ],
  ])('%s', (_, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });
});

test('types: names are literal', () => {
  const named = new metrics.SparseCategoricalAccuracy({name: 'sca'});
  expectTypeOf(named.name).toEqualTypeOf<'sca'>();
  expectTypeOf(new metrics.SparseCategoricalAccuracy().name).toEqualTypeOf<'sparse_categorical_accuracy'>();
  expectTypeOf(new metrics.Mean().name).toEqualTypeOf<'mean'>();
  expectTypeOf(named).toExtend<metrics.Metric>();
  expectTypeOf(new metrics.Mean({name: 'loss'})).toExtend<metrics.Metric<'loss'>>();
  expectTypeOf(losses.meanSquaredError).returns.toEqualTypeOf<Tensor>();
  expect(named.name).toBe('sca');
});
