import {
  DtypeError,
  GradientError,
  GradientTape,
  KeratinError,
  NotBuiltError,
  ops,
  random,
  setSeed,
  ShapeError,
  tensor,
  type Tensor,
  UnknownOptionError,
  ValueError,
  Variable,
} from '@keratin/core';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {beforeEach, expect, test} from 'vitest';
import {callbacks, losses, metrics, Model, optimizers, Sequential} from './index.js';

// What people get wrong, and the one sentence that tells them: the function or layer, the rule, and what it got.

const quiet = {verbose: 0} as const;
const build = () => new Sequential([Input({shape: [4]}), new layers.Dense(3), new layers.Dense(1)], {name: 'm'});
const compiled = () => build().compile({optimizer: 'sgd', loss: 'mse', metrics: ['mae']});
const x = ops.ones([6, 4]);
const y = ops.ones([6, 1]);
const any = (value: unknown) => value as never;

type Mistake = readonly [type: abstract new (...args: never[]) => Error, message: string, run: () => unknown];

const MISTAKES: readonly Mistake[] = [
  [
    ShapeError,
    'tensor: nested arrays must be rectangular, these begin like shape (2,2) but differ further on',
    () => tensor(any([[1, 2], [3]])),
  ],
  [DtypeError, 'tensor: unknown dtype "flaot32"; did you mean "float32"?', () => tensor([1], any('flaot32'))],
  [DtypeError, 'tensor: 1.5 is not an integer, which int32 needs', () => tensor([1.5], 'int32')],
  [ShapeError, 'add: shapes must broadcast, got a (2,3) and b (4,5)', () => ops.ones([2, 3]).add(ops.ones([4, 5]))],
  [
    DtypeError,
    "add: tensors must have one dtype, got a float32 and b int32; convert one with cast('float32')",
    () => ops.ones([2]).add(tensor([1, 2], 'int32')),
  ],
  [
    ShapeError,
    'matmul: inner dimensions must match, got a (2,3) and b (4,5)',
    () => ops.matmul(ops.ones([2, 3]), ops.ones([4, 5])),
  ],
  [ShapeError, 'reshape: 6 elements of shape (2,3) do not fit shape (4,)', () => ops.ones([2, 3]).reshape([4])],
  [ShapeError, 'sum: axis 3 does not exist in a tensor of rank 1', () => ops.sum(ops.ones([2]), 3)],
  [
    UnknownOptionError,
    'sum: unknown option "keepDims"; here it is called "keepdims"',
    () => ops.sum(ops.ones([2]), any({keepDims: true})),
  ],
  [
    ShapeError,
    'assign: variable b has shape (3,1), got a value of shape (3,2)',
    () => new Variable(ops.zeros([3, 1]), {name: 'b'}).assign(ops.zeros([3, 2])),
  ],
  [
    GradientError,
    'gradient: this tape was used up by the first call; make it with {persistent: true} to call it again',
    () => {
      const tape = new GradientTape();
      const v = new Variable(1);
      const z = tape.record(() => v.square());
      tape.gradient(z, v);
      tape.gradient(z, v);
    },
  ],
  [
    GradientError,
    "gradient: the target of shape () does not depend on variable w in a way that this tape recorded; pass {unconnectedGradients: 'zero'} or 'none' where that is meant",
    () => {
      const tape = new GradientTape();
      const [v, w] = [new Variable(1, {name: 'v'}), new Variable(2, {name: 'w'})];
      tape.gradient(
        tape.record(() => v.square()),
        [v, w],
      );
    },
  ],
  [ValueError, 'setSeed: a seed is a non-negative integer, got -1', () => setSeed(-1)],
  [
    UnknownOptionError,
    'random.normal: unknown option "std"; here it is called "stddev"',
    () => random.normal([2], any({std: 1})),
  ],
  [ValueError, 'Dense: units must be a positive integer, got undefined', () => new layers.Dense(any(undefined))],
  [
    UnknownOptionError,
    'Dense: unknown option "activaton"; did you mean "activation"?',
    () => new layers.Dense(3, any({activaton: 'relu'})),
  ],
  [
    UnknownOptionError,
    'unknown activation "rellu"; did you mean "relu"?',
    () => new layers.Dense(3, {activation: any('rellu')}),
  ],
  [UnknownOptionError, 'unknown initializer "glorot"', () => new layers.Dense(3, {kernelInitializer: any('glorot')})],
  [
    TypeError,
    "Class constructor Dense cannot be invoked without 'new'",
    () => Reflect.apply(layers.Dense as never, undefined, [3]),
  ],
  [ShapeError, 'm: expects inputs of shape (None,4), got inputs (2,5)', () => build()(ops.ones([2, 5]))],
  [
    ShapeError,
    'd: expects axis -1 of size 4, got inputs (2,5)',
    () => {
      const dense = new layers.Dense(3, {name: 'd'});
      dense(ops.ones([2, 4]));
      dense(ops.ones([2, 5]));
    },
  ],
  [
    ShapeError,
    'd: expects inputs of rank 2 or more, got inputs (2,)',
    () => new layers.Dense(3, {name: 'd'})(ops.ones([2])),
  ],
  [ValueError, 'm.setWeights: this layer has 4 weights, got 1 values', () => build().setWeights([ops.ones([1])])],
  [
    ValueError,
    `h: calls layer "secret", which it does not hold in a public field, array, map or dictionary, so its weights would not be trained or saved; TypeScript's private fields are fine, #private ones are not`,
    () => {
      class Hidden extends Model {
        readonly #dense = new layers.Dense(1, {name: 'secret'});
        override call(inputs: Tensor) {
          return this.#dense(inputs);
        }
      }
      new Hidden({name: 'h'})(x);
    },
  ],
  [
    ValueError,
    's: call must not be async; it returned a Promise',
    () => {
      class Slow extends layers.Layer {
        override call(inputs: Tensor) {
          return any(Promise.resolve(inputs)) as Tensor;
        }
      }
      new Slow({name: 's'})(x);
    },
  ],
  [
    NotBuiltError,
    'm.countParams: the layer has no weights yet; call it or use build(inputShape)',
    () => new Sequential([new layers.Dense(1)], {name: 'm'}).countParams(),
  ],
  [
    ValueError,
    'Sequential: a list of layers is needed, got a Dense; write [layer, ...]',
    () => new Sequential(any(new layers.Dense(1, {name: 'd'}))),
  ],
  [
    ValueError,
    'm.add: a layer or an Input is needed, got function Dense; make one with new Dense(...)',
    () => new Sequential([any(layers.Dense)], {name: 'm'}),
  ],
  [
    ValueError,
    'm.add: there is a layer "d" already; names must be unique, give {name: ...}',
    () => new Sequential([new layers.Dense(1, {name: 'd'}), new layers.Dense(1, {name: 'd'})], {name: 'm'}),
  ],
  [
    ValueError,
    'm.add: an Input must come first',
    () => new Sequential([new layers.Dense(1), Input({shape: [2]})], {name: 'm'}),
  ],
  [ValueError, 'getLayer: model "m" has no layer "none"; it takes dense, dense_1', () => build().getLayer('none')],
  [
    UnknownOptionError,
    'unknown optimizer "adamm"; did you mean "adam"?',
    () => build().compile({optimizer: any('adamm'), loss: 'mse'}),
  ],
  [UnknownOptionError, 'unknown loss "msee"; did you mean "mse"?', () => build().compile({loss: any('msee')})],
  [
    ValueError,
    'compile: loss is the class MeanSquaredError; give an object of it, new MeanSquaredError()',
    () => build().compile({loss: any(losses.MeanSquaredError)}),
  ],
  [
    UnknownOptionError,
    'unknown metric "accurracy"; did you mean "accuracy"?',
    () => build().compile({loss: 'mse', metrics: [any('accurracy')]}),
  ],
  [
    ValueError,
    'compile: metrics must be a list, or an object of lists by output, got "mae"; write ["mae"]',
    () => build().compile({loss: 'mse', metrics: any('mae')}),
  ],
  [
    ValueError,
    'compile: metrics has the class MeanAbsoluteError; give an object of it, new MeanAbsoluteError()',
    () => build().compile({loss: 'mse', metrics: [any(metrics.MeanAbsoluteError)]}),
  ],
  [
    UnknownOptionError,
    'compile: unknown option "metric"; here it is called "metrics"',
    () => build().compile(any({loss: 'mse', metric: ['mae']})),
  ],
  [
    UnknownOptionError,
    'Adam: unknown option "lr"; here it is called "learningRate"',
    () => new optimizers.Adam(any({lr: 0.1})),
  ],
  [
    ValueError,
    'SGD: learningRate must be a finite number of at least 0, a schedule or a function of the step, got NaN',
    () => new optimizers.SGD(Number.NaN),
  ],
  [
    ValueError,
    'SGD: learningRate must be a finite number of at least 0, a schedule or a function of the step, got "0.1"',
    () => new optimizers.SGD(any('0.1')),
  ],
  [
    KeratinError,
    'fit: model "m" has no loss yet; call compile({optimizer, loss, metrics}) first',
    () => build().fit(x, y, quiet),
  ],
  [
    KeratinError,
    'evaluate: model "m" has no loss yet; call compile({optimizer, loss, metrics}) first',
    () => build().evaluate(x, y, quiet),
  ],
  [
    ValueError,
    'fit: x is empty, its shape is (0,4)',
    () => compiled().fit(ops.zeros([0, 4]), ops.zeros([0, 1]), quiet),
  ],
  [
    ShapeError,
    'fit: all arrays must have the same number of samples, got x (6,4) and y (5,1)',
    () => compiled().fit(x, ops.ones([5, 1]), quiet),
  ],
  [
    ShapeError,
    'fit: x must have at least one axis (samples), got a scalar',
    () => compiled().fit(ops.ones([]), y, quiet),
  ],
  [
    ValueError,
    'fit: x must be a tensor, a typed array, nested arrays, or a list or object of them, got undefined',
    () => compiled().fit(any(undefined), y, quiet),
  ],
  [ValueError, 'm loss: the loss needs targets, and no y was given', () => compiled().fit(x, any(undefined), quiet)],
  [
    ValueError,
    'predict: x must be a tensor, a typed array, nested arrays, or a list or object of them, got "hello"',
    () => compiled().predict(any('hello'), quiet),
  ],
  [
    UnknownOptionError,
    'fit: unknown option "epoch"; did you mean "epochs"?',
    () => compiled().fit(x, y, any({epoch: 3})),
  ],
  [
    UnknownOptionError,
    'fit: unknown option "validation"; here it is called "validationData"',
    () => compiled().fit(x, y, any({validation: [x, y]})),
  ],
  [ValueError, 'fit: batchSize must be a positive integer, got 0', () => compiled().fit(x, y, {batchSize: 0})],
  [ValueError, 'fit: epochs must be a positive integer, got 1.5', () => compiled().fit(x, y, {epochs: 1.5})],
  [
    ValueError,
    'fit: validationSplit must be at least 0 and below 1, got 1',
    () => compiled().fit(x, y, {validationSplit: 1}),
  ],
  [
    ValueError,
    'fit: validationSplit 0.9 of 6 samples leaves none on one side',
    () => compiled().fit(x, y, {validationSplit: 0.9, ...quiet}),
  ],
  [
    ValueError,
    'fit: validationData must be [x, y], [x, y, sampleWeight] or a dataset, got [a Tensor]',
    () => compiled().fit(x, y, {validationData: any([x]), ...quiet}),
  ],
  [ValueError, 'fit: verbose must be "auto", 0, 1 or 2, got 3', () => compiled().fit(x, y, {verbose: any(3)})],
  [
    ValueError,
    'fit: shuffle must be true, false or "batch", got "yes"',
    () => compiled().fit(x, y, {shuffle: any('yes')}),
  ],
  [
    ValueError,
    'fit: the keys of classWeight are class numbers, got "cat"',
    () => compiled().fit(x, y, {classWeight: any({cat: 2}), ...quiet}),
  ],
  [
    ValueError,
    'fit: classWeight and sampleWeight cannot be given together',
    () => compiled().fit(x, y, {classWeight: {0: 1}, sampleWeight: ops.ones([6]), ...quiet}),
  ],
  [
    ShapeError,
    'mean_squared_error: sampleWeight must fit the losses, got sampleWeight (6,7) for losses of shape (6,)',
    () => compiled().fit(x, y, {sampleWeight: ops.ones([6, 7]), ...quiet}),
  ],
  [
    ShapeError,
    'meanSquaredError: yTrue and yPred must have one shape, got yTrue (6,2) and yPred (6,1)',
    () => compiled().fit(x, ops.ones([6, 2]), quiet),
  ],
  [
    ShapeError,
    'm: expects inputs of shape (None,4), got inputs (6,5)',
    () => compiled().fit(ops.ones([6, 5]), y, quiet),
  ],
  [
    ShapeError,
    'categoricalCrossentropy: yTrue and yPred must have one shape, got yTrue (6,) and yPred (6,3); labels that are class numbers go with the sparse form (sparse_categorical_crossentropy), or use utils.toCategorical',
    () =>
      new Sequential([new layers.Dense(3, {name: 'd'})], {name: 'm'})
        .compile({loss: 'categorical_crossentropy'})
        .fit(x, ops.ones([6]), quiet),
  ],
  [
    ValueError,
    'fit: y is for arrays; the data is a dataset or generator, whose batches are [x, y] or [x, y, sampleWeight]',
    () => compiled().fit(any([[x, y]].values()), any(y)),
  ],
  [
    ValueError,
    'fit: batchSize is for arrays; the data is a dataset or generator, it makes its own batches',
    () => compiled().fit([[x, y]].values(), {batchSize: 3, ...quiet}),
  ],
  [
    ValueError,
    'fit: the data must yield x, [x, y] or [x, y, sampleWeight], got [a Tensor, a Tensor, a Tensor, a Tensor]',
    () => compiled().fit([[x, y, y, y]].values(), quiet),
  ],
  [ValueError, 'fit: the data gave no batches', () => compiled().fit([].values(), quiet)],
  [
    ValueError,
    'm loss: there is no loss; give one to compile, or add one with addLoss in a layer',
    () => build().compile({optimizer: 'sgd'}).fit(x, y, quiet),
  ],
  [
    ValueError,
    'callbacks: a list of callbacks is needed, got a EarlyStopping; write [callback]',
    () => compiled().fit(x, y, {callbacks: any(new callbacks.EarlyStopping()), ...quiet}),
  ],
  [
    ValueError,
    'callbacks: got the class or function EarlyStopping; give an object of it, new EarlyStopping()',
    () => compiled().fit(x, y, {callbacks: [any(callbacks.EarlyStopping)], ...quiet}),
  ],
  [
    UnknownOptionError,
    'callbacks: there is no hook "onEpochEnded"; did you mean "onEpochEnd"?',
    () => compiled().fit(x, y, {callbacks: [any({onEpochEnded() {}})], ...quiet}),
  ],
  [
    UnknownOptionError,
    'EarlyStopping: monitor "val_loss" is not among the logs, which have loss, mae; pass validationData or validationSplit to have val_ values',
    () => compiled().fit(x, y, {callbacks: [new callbacks.EarlyStopping({monitor: 'val_loss'})], ...quiet}),
  ],
  [
    UnknownOptionError,
    'ModelCheckpoint: monitor "val_maee" is not among the logs, which have loss, mae, val_loss, val_mae; did you mean "val_mae"?',
    () =>
      compiled().fit(x, y, {
        validationData: [x, y],
        callbacks: [new callbacks.ModelCheckpoint('w.safetensors', {monitor: 'val_maee', saveBestOnly: true})],
        ...quiet,
      }),
  ],
  [
    UnknownOptionError,
    'ModelCheckpoint: the file path "{epoch}-{val_mae}.safetensors" names "val_mae", which the logs do not have; they have loss, mae, epoch',
    () => compiled().fit(x, y, {callbacks: [new callbacks.ModelCheckpoint('{epoch}-{val_mae}.safetensors')], ...quiet}),
  ],
  [
    ValueError,
    'ModelCheckpoint: the file of a model must end in ".keras" (or ".h5"), got "best.pth"',
    () => new callbacks.ModelCheckpoint('best.pth'),
  ],
  [
    UnknownOptionError,
    'EarlyStopping: unknown option "patiance"; did you mean "patience"?',
    () => new callbacks.EarlyStopping(any({patiance: 3})),
  ],
  [
    ValueError,
    'EarlyStopping: mode must be "auto", "min" or "max", got "minimum"',
    () => new callbacks.EarlyStopping({mode: any('minimum')}),
  ],
  [
    ValueError,
    'EarlyStopping: patience must be a number of epochs, got -1',
    () => new callbacks.EarlyStopping({patience: -1}),
  ],
  [
    ValueError,
    'ReduceLROnPlateau: factor must be between 0 and 1, got 1',
    () => new callbacks.ReduceLROnPlateau({factor: 1}),
  ],
  [
    ValueError,
    'LearningRateScheduler: the schedule must give a number, got NaN for epoch 0',
    () => compiled().fit(x, y, {callbacks: [new callbacks.LearningRateScheduler(() => Number.NaN)], ...quiet}),
  ],
  [
    ValueError,
    'saveWeights: the file must end in ".weights.h5" (or ".safetensors", ".h5", ".hdf5"), got "w.pth"',
    () => build().saveWeights('w.pth'),
  ],
  [
    ValueError,
    'odd loss: the model must give a tensor, or a list or object of tensors, to be trained; it gave 3',
    () => {
      class Odd extends Model<Tensor, unknown> {
        override call() {
          return 3;
        }
      }
      return new Odd({name: 'odd'}).compile({loss: 'mse'}).fit(x, y, quiet);
    },
  ],
  [
    ValueError,
    'two loss: loss has "c", the outputs of the model are a, b',
    () => {
      class Two extends Model<Tensor, {a: Tensor; b: Tensor}> {
        readonly dense = new layers.Dense(1);
        override call(inputs: Tensor) {
          return {a: this.dense(inputs), b: this.dense(inputs)};
        }
      }
      return new Two({name: 'two'}).compile({loss: {a: 'mse', c: 'mse'}}).fit(x, {a: y, b: y}, quiet);
    },
  ],
];

beforeEach(() => {
  clearSession();
});

test.each(MISTAKES.map(([type, message, run]) => ({type, message, run})))('$message', async ({type, message, run}) => {
  let caught: unknown;
  try {
    await run();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(type);
  expect((caught as Error).message).toBe(message);
  // One sentence, without a full stop or a line break.
  expect(message).not.toMatch(/\n|\.$/);
});

test('there are many of them, all different', () => {
  expect(new Set(MISTAKES.map(([, message]) => message)).size).toBeGreaterThanOrEqual(80);
});

test('a mistake leaves the model as it was', async () => {
  const model = compiled();
  const before = model.getWeights().map((weight) => weight.array());
  const optimizer = model.optimizer;
  expect(() => model.compile({optimizer: 'adam', loss: any('msee')})).toThrow();
  await expect(model.fit(x, ops.ones([6, 2]), quiet)).rejects.toThrow();
  await expect(model.fit(ops.ones([6, 5]), y, quiet)).rejects.toThrow();
  expect(() => model.setWeights([...model.getWeights().slice(0, 3), ops.ones([7])])).toThrow();
  expect(model.optimizer).toBe(optimizer);
  expect(model.getWeights().map((weight) => weight.array())).toEqual(before);
  expect((await model.fit(x, y, quiet)).epoch).toEqual([0]);
});
