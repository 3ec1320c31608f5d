import {
  DtypeError,
  GradientTape,
  IndexError,
  ops,
  random,
  registerKerasSerializable,
  setSeed,
  ShapeError,
  type Tensor,
  tensor,
  UnknownOptionError,
  ValueError,
  Variable,
} from '@keratin/core';
import {maskOf, resetNames, withLogits, withMask} from '@keratin/core/internal';
import {inspect} from 'node:util';
import {beforeEach, describe, expect, expectTypeOf, test} from 'vitest';
import {expectClose} from '../testing/golden.js';
import * as losses from './index.js';

const {Loss} = losses;

beforeEach(() => {
  resetNames();
  setSeed(1);
});

class Distance extends Loss {
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return yPred.sub(yTrue).abs().mean(-1);
  }
}

describe('custom losses', () => {
  test('are called like functions and reduce what call gives', () => {
    const loss = new Distance();
    expect(loss.name).toBe('distance');
    expect(new Distance().name).toBe('distance_1');
    expect(loss([[1, 2]], [[2, 4]]).item()).toBe(1.5);
    expect(loss.call(tensor([[1, 2]]), tensor([[2, 4]])).array()).toEqual([1.5]);
    expect(new Distance({reduction: 'none'})([[1, 2]], [[2, 4]]).array()).toEqual([1.5]);
    expect(inspect(loss)).toMatch(/^Distance \{/);
    expect(() => JSON.stringify({loss})).not.toThrow();
  });

  test('are written and read by their registered name', () => {
    registerKerasSerializable(Distance, {package: 'LossTest'});
    const node = losses.serialize(new Distance({reduction: 'sum'}));
    expect(node).toMatchObject({class_name: 'Distance', registered_name: 'LossTest>Distance'});
    const again = losses.deserialize(node);
    expect(again).toBeInstanceOf(Distance);
    expect(again.reduction).toBe('sum');
    expect(losses.get('LossTest>Distance')).toBeInstanceOf(Distance);
  });

  test('a function becomes a loss with its name', () => {
    const halfSquare = (yTrue: Tensor, yPred: Tensor): Tensor => yPred.sub(yTrue).square().div(2).mean(-1);
    const loss = losses.get(halfSquare);
    expect(loss.name).toBe('half_square');
    expect(loss([[1, 2]], [[2, 4]]).item()).toBe(1.25);
    expect(losses.get(losses.meanSquaredError)).toBeInstanceOf(losses.MeanSquaredError);
  });
});

describe('ids', () => {
  test.each([
    ['mse', losses.MeanSquaredError],
    ['MSE', losses.MeanSquaredError],
    ['mean_squared_error', losses.MeanSquaredError],
    ['MeanSquaredError', losses.MeanSquaredError],
    ['bce', losses.BinaryCrossentropy],
    ['kld', losses.KLDivergence],
    ['sparse_categorical_crossentropy', losses.SparseCategoricalCrossentropy],
    ['huber', losses.Huber],
  ] as const)('%s', (id, cls) => {
    expect(losses.get(id)).toBeInstanceOf(cls);
  });

  test('a misspelt one names the nearest', () => {
    expect(() => losses.get('sparse_categorical_crossentrop')).toThrow(UnknownOptionError);
    expect(() => losses.get('sparse_categorical_crossentrop')).toThrow(
      'unknown loss "sparse_categorical_crossentrop"; did you mean "sparse_categorical_crossentropy"?',
    );
    expect(() => losses.get('crossentropy')).toThrow('chosen by the shapes');
  });

  test('crossentropy is chosen by shapes', () => {
    expect(losses.resolveCrossentropy([null, 1], [null, 1])).toBeInstanceOf(losses.BinaryCrossentropy);
    expect(losses.resolveCrossentropy([null], [null, 10])).toBeInstanceOf(losses.SparseCategoricalCrossentropy);
    expect(losses.resolveCrossentropy([null, 1], [null, 10])).toBeInstanceOf(losses.SparseCategoricalCrossentropy);
    expect(losses.resolveCrossentropy([null, 10], [null, 10])).toBeInstanceOf(losses.CategoricalCrossentropy);
  });
});

describe('labels of any dtype meet float predictions', () => {
  const p = tensor([
    [0.1, 0.7, 0.2],
    [0.6, 0.3, 0.1],
  ]);
  const expected = (-Math.log(0.7) - Math.log(0.6)) / 2;
  test.each([
    ['numbers', [1, 0]],
    ['int32', tensor([1, 0], 'int32')],
    ['uint8', tensor([1, 0], 'uint8')],
    ['int64', tensor([1n, 0n])],
    ['bool', tensor([true, false])],
    ['column', tensor([[1], [0]], 'int32')],
    ['typed array', new Int32Array([1, 0])],
  ])('%s', (_, y) => {
    expectClose(new losses.SparseCategoricalCrossentropy()(y, p), expected, 'loss');
  });

  // Keras on TensorFlow's CPU refuses them too; NaN would only show epochs later.
  describe.each([
    ['probabilities', {}],
    ['logits', {fromLogits: true}],
  ])('a class number outside of the classes is an error: %s', (_, options) => {
    const outside = [
      [0.5, 0.5],
      [0.5, 0.5],
    ];
    test.each([
      ['above', [1, 2], 'class 2 (sample 1) is outside of the valid range [0, 2) of 2 classes'],
      ['negative', [-1, 0], 'class -1 (sample 0) is outside of the valid range [0, 2) of 2 classes'],
      ['int64', tensor([0n, 2n ** 40n]), 'class 1099511627776 (sample 1) is outside of the valid range [0, 2)'],
    ])('%s', (_unused, y, message) => {
      const call = () => losses.sparseCategoricalCrossentropy(y, outside, options);
      expect(call).toThrow(IndexError);
      expect(call).toThrow(`sparseCategoricalCrossentropy: ${message}`);
      expect(() => new losses.SparseCategoricalCrossentropy(options)(y, outside)).toThrow(message);
      const tape = new GradientTape();
      const logits = new Variable(outside);
      expect(() => tape.record(() => losses.sparseCategoricalCrossentropy(y, logits, options))).toThrow(message);
    });

    test('of images, and with the classes elsewhere', () => {
      const x = ops.zeros([2, 3, 4]);
      expect(() => losses.sparseCategoricalCrossentropy(ops.full([2, 3], 4, 'int32'), x, options)).toThrow(
        'class 4 (sample 0) is outside of the valid range [0, 4)',
      );
      expect(() =>
        losses.sparseCategoricalCrossentropy(ops.full([2, 4], 3, 'int32'), x, {...options, axis: 1}),
      ).toThrow('class 3 (sample 0) is outside of the valid range [0, 3)');
    });

    test('unless it is the one to ignore', () => {
      const values = losses.sparseCategoricalCrossentropy([255, 0], outside, {...options, ignoreClass: 255});
      expectClose(values, tensor([0, Math.LN2]), 'losses');
      expect(() => losses.sparseCategoricalCrossentropy([255, 2], outside, {...options, ignoreClass: 255})).toThrow(
        'class 2 (sample 1)',
      );
    });
  });

  test('uint8 targets of a mean squared error', () => {
    expect(losses.meanSquaredError(tensor([[1, 2]], 'uint8'), [[2, 4]]).array()).toEqual([2.5]);
  });
});

describe('logits that an activation remembers', () => {
  const logits = tensor([
    [200, 0, -3],
    [1, 2, 3],
  ]);
  const p = withLogits(logits.softmax(), logits, 'softmax');

  test('the cross-entropies use them: nothing is clipped', () => {
    expectClose(losses.sparseCategoricalCrossentropy([1, 2], p).array(1)[0] ?? 0, 200, 'sparse');
    const oneHot = [
      [0, 1, 0],
      [0, 0, 1],
    ];
    expectClose(losses.categoricalCrossentropy(oneHot, p).array(1)[0] ?? 0, 200, 'categorical');
    expectClose(new losses.SparseCategoricalCrossentropy()([1, 2], p), (200 + 0.4076059) / 2, 'loss');
    // Without them the probability of class 1 is clipped to 1e-7.
    expectClose(
      losses.sparseCategoricalCrossentropy([1, 2], logits.softmax()).array(1)[0] ?? 0,
      16.118,
      'clipped',
      1e-3,
    );
  });

  test('binary cross-entropy uses those of a sigmoid only', () => {
    const z = tensor([[100, -2]]);
    const q = withLogits(z.sigmoid(), z, 'sigmoid');
    expectClose(
      losses.binaryCrossentropy([[0, 1]], q).array(1)[0] ?? 0,
      (100 + Math.log(1 + Math.exp(2))) / 2,
      'sigmoid',
    );
    const wrong = withLogits(z.softmax(), z, 'softmax');
    expectClose(losses.binaryCrossentropy([[1, 0]], wrong).array(1)[0] ?? 0, 1e-7, 'softmax', 1e-6);
  });

  test('the gradient is softmax(x) - one_hot(y)', () => {
    const x = random.normal([4, 5]);
    const y = tensor([1, 0, 4, 2], 'int32');
    const tape = new GradientTape();
    tape.watch(x);
    const loss = tape.record(() => new losses.SparseCategoricalCrossentropy({reduction: 'sum'})(y, withLogits(x.softmax(), x, 'softmax'))); // prettier-ignore
    expectClose(tape.gradient(loss, x), x.softmax().sub(y.oneHot(5)), 'gradient');
  });
});

describe('masks', () => {
  test('masked entries leave the mean, and count 0 in a sum', () => {
    const y = tensor([[1], [2], [3]]);
    const p = withMask(tensor([[2], [4], [100]]), tensor([true, true, false]));
    expect(new losses.MeanSquaredError()(y, p).item()).toBe(2.5);
    expect(new losses.MeanSquaredError({reduction: 'sum'})(y, p).item()).toBe(5);
  });

  test('ignoreClass marks what counts', () => {
    const p = [
      [0.5, 0.5],
      [0.9, 0.1],
    ];
    const values = losses.sparseCategoricalCrossentropy([-1, 0], p, {ignoreClass: -1});
    expect(maskOf(values)?.array()).toEqual([false, true]);
    expectClose(new losses.SparseCategoricalCrossentropy({ignoreClass: -1})([-1, 0], p), -Math.log(0.9), 'loss');
  });
});

test('impossible CTC paths cost infinity', () => {
  const values = losses.ctc([[1, 2, 1, 2]], ops.zeros([1, 2, 3]));
  expect(values.array()).toEqual([Infinity]);
});

test('hinge turns labels 0 and 1 into -1 and 1', () => {
  expect(losses.hinge([[0, 1]], [[0.5, 0.5]]).array()).toEqual([1]);
  expect(losses.hinge([[-1, 1]], [[0.5, 0.5]]).array()).toEqual([1]);
});

describe('mistakes', () => {
  const loss = new losses.MeanSquaredError();
  test.each([
    [
      'shapes',
      () => loss(ops.zeros([3, 4]), ops.zeros([3, 5])),
      ShapeError,
      'meanSquaredError: yTrue and yPred must have one shape, got yTrue (3,4) and yPred (3,5)',
    ],
    [
      'ranks',
      () => losses.meanAbsoluteError(ops.zeros([3, 4, 2]), ops.zeros([3, 4])),
      ShapeError,
      'meanAbsoluteError: yTrue and yPred must have one shape, got yTrue (3,4,2) and yPred (3,4)',
    ],
    [
      'scalars',
      () => losses.meanSquaredError(1, 2),
      ShapeError,
      'meanSquaredError: yTrue and yPred must have at least one axis, got two scalars',
    ],
    [
      'class numbers where one-hot targets are needed',
      () => losses.categoricalCrossentropy([1, 0, 2], ops.ones([3, 4])),
      ShapeError,
      'categoricalCrossentropy: yTrue and yPred must have one shape, got yTrue (3,) and yPred (3,4); labels that are class numbers go with the sparse form (sparse_categorical_crossentropy), or use utils.toCategorical',
    ],
    [
      'one-hot targets where class numbers are needed',
      () => losses.sparseCategoricalCrossentropy(ops.ones([3, 4]), ops.ones([3, 4])),
      ShapeError,
      'sparseCategoricalCrossentropy: yTrue must hold one class number for each sample of yPred, got yTrue (3,4) and yPred (3,4); one-hot targets go with categorical_crossentropy',
    ],
    [
      'weights',
      () => loss(ops.zeros([3, 4]), ops.ones([3, 4]), {sampleWeight: [1, 2]}),
      ShapeError,
      'mean_squared_error: sampleWeight must fit the losses, got sampleWeight (2,) for losses of shape (3,)',
    ],
    [
      'a reduction',
      () => new losses.MeanSquaredError({reduction: 'avg' as 'sum'}),
      ValueError,
      'MeanSquaredError: unknown reduction "avg"; it takes sum_over_batch_size, sum, mean, mean_with_sample_weight, none',
    ],
    [
      'an option',
      () => new losses.BinaryCrossentropy({fromLogit: true} as object),
      UnknownOptionError,
      'BinaryCrossentropy: unknown option "fromLogit"; did you mean "fromLogits"?',
    ],
    [
      'smoothing',
      () => new losses.CategoricalCrossentropy({labelSmoothing: 2}),
      ValueError,
      'CategoricalCrossentropy: labelSmoothing must be in [0, 1], got 2',
    ],
    [
      'an integer dtype',
      () => new losses.MeanSquaredError({dtype: 'int32' as 'float32'}),
      ValueError,
      'MeanSquaredError: dtype must be floating, got int32',
    ],
    [
      'a dtype',
      () => new losses.MeanSquaredError({dtype: 'float23' as 'float32'}),
      DtypeError,
      'MeanSquaredError: unknown dtype "float23"; did you mean "float32"?',
    ],
    [
      'nothing at all',
      () => losses.get(3 as never),
      ValueError,
      'loss: a string id, an object, a function or a config node is needed, got 3',
    ],
    [
      'q',
      () => new losses.CategoricalGeneralizedCrossEntropy({q: 1}),
      ValueError,
      'CategoricalGeneralizedCrossEntropy: q must be between 0 and 1, got 1',
    ],
  ])('%s', (_, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });
});

test('types', () => {
  expectTypeOf(new losses.Huber()).toExtend<losses.Loss>();
  expectTypeOf(losses.get).parameter(0).toExtend<unknown>();
  const id: losses.LossId = 'mse';
  // @ts-expect-error a misspelt id
  const wrong: losses.LossId = 'msee';
  expect([id, wrong]).toEqual(['mse', 'msee']);
});
