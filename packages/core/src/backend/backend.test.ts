import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {KeratinError} from '../errors.js';
import {ops, tensor} from '../index.js';
import {symbolicTensor} from '../engine/hidden.js';
import {backend} from './index.js';

const file = new URL('../../../../tests/golden/keras-ops-names.json', import.meta.url);
const {namespaces} = JSON.parse(readFileSync(file, 'utf8')) as {
  namespaces: Readonly<Record<string, readonly string[]>>;
};

const toCamel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Why a name is absent. */
const ABSENT: Readonly<Record<string, string>> = {
  clear_session: 'the package keratin has it: it resets layers too',
  result_type: 'tensors of two dtypes never mix',
  set_image_data_format: 'the format is given to each function and layer',
  name_scope: 'there are no scopes of names',
  gradients: 'GradientTape',
  rnn: 'layers.RNN',
  dropout: 'layers.Dropout',
  ctc_label_dense_to_sparse: 'sparse.fromDense',
  is_sparse: 'sparse tensors are a class of their own',
  to_dense: 'a method of sparse tensors',
  binary_focal_crossentropy: 'losses.binaryFocalCrossentropy',
  categorical_focal_crossentropy: 'losses.categoricalFocalCrossentropy',
};

describe.each(['keras.backend', 'tf.keras.backend'])('%s', (namespace) => {
  const names = namespaces[namespace] ?? [];
  const found = (name: string): boolean => typeof Reflect.get(backend, toCamel(name)) === 'function';

  it('has every function, but for those that are elsewhere', () => {
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !found(name) && ABSENT[name] === undefined)).toEqual([]);
    expect(Object.keys(ABSENT).filter(found)).toEqual([]);
  });
});

const x = tensor([
  [1, 5, 3],
  [4, 2, 6],
]);

it('000-4 calls the same operations', () => {
  expect(backend.square).toBe(ops.square);
  expect(backend.square(tensor([2n, 4n, 5n])).array()).toEqual([4n, 16n, 25n]);
});

it.each<[string, () => unknown, unknown]>([
  ['backend', () => backend.backend(), 'keratin'],
  ['isFloatDtype', () => [backend.isFloatDtype('bfloat16'), backend.isIntDtype('float32')], [true, false]],
  [
    'isKerasTensor',
    () => [x, symbolicTensor({shape: [1], dtype: 'float32'})].map(backend.isKerasTensor),
    [false, true],
  ],
  ['getUid', () => [backend.getUid('own'), backend.getUid('own'), backend.getUid('other')], [1, 2, 1]],
  ['standardizeDtype', () => [backend.standardizeDtype(), backend.standardizeDtype('int8')], ['float32', 'int8']],
  ['argmax', () => backend.argmax(x).array(), [1, 2]],
  ['concatenate', () => backend.concatenate([x, x]).shape, [2, 6]],
  [
    'cumsum',
    () => backend.cumsum(x).array(),
    [
      [1, 5, 3],
      [5, 7, 9],
    ],
  ],
  ['expandDims', () => backend.expandDims(x).shape, [2, 3, 1]],
  ['repeat', () => backend.repeat(x, 4).shape, [2, 4, 3]],
  ['repeatElements', () => backend.repeatElements([1, 2], 2, 0).array(), [1, 1, 2, 2]],
  [
    'reverse',
    () => backend.reverse(x, 0).array(),
    [
      [4, 2, 6],
      [1, 5, 3],
    ],
  ],
  ['gather', () => backend.gather(x, [1]).array(), [[4, 2, 6]]],
  ['batchFlatten', () => backend.batchFlatten(ops.zeros([2, 3, 4])).shape, [2, 12]],
  ['batchDot of rows', () => backend.batchDot(x, x, 1).array(), [[35], [56]]],
  ['batchDot of matrices', () => backend.batchDot(ops.ones([2, 3, 4]), ops.ones([2, 4, 5])).shape, [2, 3, 5]],
  ['foldl', () => backend.foldl((a, b) => a.mul(10).add(b), [1, 2, 3]).item(), 123],
  ['foldr', () => backend.foldr((a, b) => a.mul(10).add(b), [1, 2, 3], 9).item(), 9321],
  ['mapFn', () => backend.mapFn((row) => row.sum(), x).array(), [9, 12]],
  ['switch', () => backend.switch(x.sum().greater(0), x, () => x.neg()).array(), x.array()],
  ['constant', () => backend.constant(2, 'int32', {shape: [2]}).array(), [2, 2]],
  ['countParams', () => [backend.countParams(x), backend.intShape(x)], [6, [2, 3]]],
  ['relu', () => backend.relu([-2, 0.5, 3, 9], {alpha: 0.5, maxValue: 6, threshold: 1}).array(), [-1.5, -0.25, 3, 6]],
  [
    'hardSigmoid',
    () =>
      backend
        .hardSigmoid([-5, 0, 1, 5])
        .array(1)
        .map((n) => n.toFixed(1)),
    ['0.0', '0.5', '0.7', '1.0'],
  ],
  ['elu', () => backend.elu([1], 2).array(), [1]],
  ['inTopK', () => backend.inTopK([[0.1, 0.9]], [0], 1).array(), [false]],
  ['conv2d', () => backend.conv2d(ops.ones([1, 3, 3, 1]), ops.ones([2, 2, 1, 1])).shape, [1, 2, 2, 1]],
  ['pool2d', () => backend.pool2d(ops.ones([1, 4, 4, 1]), 2, {poolMode: 'avg'}).shape, [1, 3, 3, 1]],
  ['resizeImages', () => backend.resizeImages(ops.ones([1, 2, 3, 1]), 2, 3).shape, [1, 4, 9, 1]],
  ['resizeVolumes', () => backend.resizeVolumes(ops.ones([1, 2, 2, 2, 1]), 1, 2, 3).shape, [1, 2, 4, 6, 1]],
  ['temporalPadding', () => backend.temporalPadding(ops.ones([1, 2, 1])).array(), [[[0], [1], [1], [0]]]],
  [
    'spatial2dPadding',
    () =>
      backend.spatial2dPadding(
        ops.ones([1, 1, 2, 3]),
        [
          [0, 1],
          [2, 0],
        ],
        {dataFormat: 'channels_first'},
      ).shape,
    [1, 1, 3, 5],
  ],
  ['randomBernoulli', () => backend.randomBernoulli([50], {p: 1, seed: 1}).sum().item(), 50],
])('%s', (_, fn, expected) => {
  expect(fn()).toEqual(expected);
});

it('Variables are written and read', () => {
  const v = backend.variable([1, 2]);
  backend.update(v, [3, 4]);
  backend.updateAdd(v, [1, 1]);
  backend.updateSub(v, [0, 1]);
  expect(backend.getValue(v).array()).toEqual([4, 4]);
  backend.movingAverageUpdate(v, [0, 8], 0.75);
  expect(backend.batchGetValue([v]).map((each) => each.array())).toEqual([[3, 5]]);
  backend.batchSetValue([[v, [0, 0]]]);
  backend.setValue(v, [7, 8]);
  expect(backend.eval(v).array()).toEqual([7, 8]);
  expect(backend.randomUniformVariable([3], 5, 6, {seed: 1}).sub(5.5).abs().max().item()).toBeLessThanOrEqual(0.5);
});

it.each<[() => unknown, string]>([
  [() => backend.update(x as never, 1), 'update: a Variable is needed, got a Tensor'],
  [() => backend.repeat([1], 2), 'repeat: x must have rank 2, got shape (1,)'],
  [() => backend.batchDot(x, [[1, 2]]), 'batchDot: two batches of one size are needed, got (2,3) and (1,2)'],
  [
    () => backend.batchDot(x, [[1], [2]]),
    'batchDot: axes 1 and 1 must have one size and not be the batch, got (2,3) and (2,1)',
  ],
  [() => backend.foldl((a) => a, ops.zeros([0])), 'foldl: an initializer is needed where elems has no entries'],
  [() => backend.temporalPadding(x), 'temporalPadding: x must have rank 3, got shape (2,3)'],
  [() => backend.isFloatDtype('flaot32'), 'isFloatDtype: unknown dtype "flaot32"'],
  [
    // @ts-expect-error a mode of another library
    () => backend.pool2d(ops.ones([1, 4, 4, 1]), 2, {poolMode: 'mean'}),
    "pool: poolMode must be one of 'max', 'avg', got \"mean\"",
  ],
])('%#', (fn, message) => {
  expect(fn).toThrow(KeratinError);
  expect(fn).toThrow(message);
});
