// Writes models for Keras to judge: configs of layers, optimizers and losses, weights before and after a training step, data and
// predictions; and models as files. Usage: write.ts FOLDER
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  type Layer,
  layers,
  losses,
  ops,
  optimizers,
  random,
  saveSafetensors,
  Sequential,
  setSeed,
  type Tensor,
} from 'keratin';
import {writeEvents} from './events.js';
import {writeFiles} from './files.js';

interface Case {
  readonly id: string;
  readonly layers: readonly Layer[];
  readonly inputShape: readonly number[];
  readonly optimizer: optimizers.Optimizer;
  readonly loss: losses.Loss;
  readonly targets: (n: number) => Tensor;
}

const classes = (n: number) => random.randint([n], 0, 10);
const oneHot = (n: number) => ops.oneHot(classes(n), 10);
const numbers = (size: number) => (n: number) => random.normal([n, size]);

const cases: readonly Case[] = [
  {
    id: 'mlp-rmsprop',
    layers: [new layers.Dense(32, {activation: 'relu'}), new layers.Dense(10, {activation: 'softmax'})],
    inputShape: [20],
    optimizer: new optimizers.RMSprop({learningRate: 0.001}),
    loss: new losses.SparseCategoricalCrossentropy(),
    targets: classes,
  },
  {
    id: 'mlp-sgd-nesterov',
    layers: [new layers.Dense(8, {activation: 'tanh', kernelInitializer: 'he_normal'}), new layers.Dense(3)],
    inputShape: [5],
    optimizer: new optimizers.SGD({learningRate: 0.05, momentum: 0.9, nesterov: true}),
    loss: new losses.MeanSquaredError(),
    targets: numbers(3),
  },
  {
    id: 'mlp-adam-regularized',
    layers: [
      new layers.Dense(16, {activation: 'sigmoid', kernelRegularizer: 'l2'}),
      new layers.Dropout(0),
      new layers.Dense(10, {activation: 'softmax', kernelConstraint: 'non_neg'}),
    ],
    inputShape: [6],
    optimizer: new optimizers.Adam({learningRate: 0.002, clipnorm: 1}),
    loss: new losses.CategoricalCrossentropy({labelSmoothing: 0.1}),
    targets: oneHot,
  },
  {
    id: 'cnn-nadam',
    layers: [
      // Without an activation the normalization would cancel the bias, whose gradient would be rounding noise.
      new layers.Conv2D(8, [3, 3], {strides: 2, padding: 'same', activation: 'relu'}),
      new layers.MaxPooling2D(2),
      new layers.BatchNormalization(),
      new layers.Flatten(),
      new layers.Dense(12, {activation: 'relu'}),
      new layers.Dense(10, {activation: 'softmax'}),
    ],
    inputShape: [12, 12, 2],
    optimizer: new optimizers.Nadam(0.01),
    loss: new losses.SparseCategoricalCrossentropy(),
    targets: classes,
  },
  {
    id: 'normalized-reshape',
    layers: [
      new layers.Reshape([3, 4]),
      new layers.LayerNormalization(),
      new layers.Activation('relu'),
      new layers.Flatten(),
      new layers.Dense(2),
    ],
    inputShape: [12],
    optimizer: new optimizers.Adam(0.01),
    loss: new losses.MeanSquaredError(),
    targets: numbers(2),
  },
];

const [, , folder = '.'] = process.argv;
setSeed(7);
const tensors: Record<string, Tensor> = {};
const records = cases.map(({id, layers: parts, inputShape, optimizer, loss, targets}) => {
  const n = 16;
  const model = new Sequential(parts).compile({optimizer, loss});
  model.build([null, ...inputShape]);
  const x = random.normal([n, ...inputShape]);
  const y = targets(n);
  const keep = (role: string, values: readonly Tensor[]) =>
    values.forEach((value, i) => (tensors[`${id}/${role}/${String(i)}`] = value));
  // A step changes Variables in place: what is kept must be read now.
  keep('before', model.getWeights());
  keep('x', [x]);
  keep('y', [y]);
  keep('predictions', [model.predictOnBatch(x)]);
  const record = {
    id,
    input_shape: inputShape,
    layers: parts.map((layer) => layers.serialize(layer)),
    optimizer: optimizers.serialize(optimizer),
    loss: losses.serialize(loss),
    num_weights: model.weights.length,
    loss_value: 0,
  };
  const step = model.trainOnBatch(x, y);
  keep('after', model.getWeights());
  return {...record, loss_value: typeof step === 'number' ? step : Number(Object.values(step)[0])};
});
const files = await writeFiles(folder, tensors);
const events = await writeEvents(folder);
writeFileSync(join(folder, 'cases.json'), JSON.stringify({models: records, files, events}));
await saveSafetensors(join(folder, 'tensors.safetensors'), tensors);
console.log(`wrote ${String(records.length)} models, and ${String(files.length)} as files`);
