// Training on data of MNIST's size in memory, as float32: `mlp` for an epoch of 784-512-10, `convnet` for 60 steps of two convolutions.
import {readFileSync} from 'node:fs';
import {layers, random, Sequential} from 'keratin';

const isConvnet = process.argv[2] === 'convnet';
const x = random.uniform(isConvnet ? [60_000, 28, 28, 1] : [60_000, 784], {seed: 1});
const y = random.randint([60_000], 0, 10, {seed: 2});
const model = new Sequential(
  isConvnet
    ? [
        new layers.Conv2D(32, 3, {activation: 'relu'}),
        new layers.MaxPool2D(2),
        new layers.Conv2D(64, 3, {activation: 'relu'}),
        new layers.MaxPool2D(2),
        new layers.Flatten(),
        new layers.Dropout(0.5),
        new layers.Dense(10, {activation: 'softmax'}),
      ]
    : [new layers.Dense(512, {activation: 'relu'}), new layers.Dense(10, {activation: 'softmax'})],
);
model.compile({
  optimizer: isConvnet ? 'adam' : 'rmsprop',
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
});
await model.fit(x, y, isConvnet ? {batchSize: 64, stepsPerEpoch: 60, verbose: 0} : {batchSize: 128, verbose: 0});
console.log(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
