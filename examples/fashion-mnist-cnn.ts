// A small convolutional network on Fashion-MNIST in a custom training loop (003-4, 003-5): random batches, a tape, Nadam,
// streaming metrics and a progress line.
import {
  datasets,
  GradientTape,
  Input,
  layers,
  losses,
  type Metric,
  metrics,
  ops,
  optimizers,
  random,
  Sequential,
  setSeed,
  type Tensor,
  utils,
} from 'keratin';
import {budget, check, short} from './support/check.js';

setSeed(42);
const {
  train: [images, labels],
  test: [testImages, testLabels],
} = await datasets.fashionMnist.loadData();
const [[xTrain, yTrain], [xVal, yVal]] = utils.trainTestSplit([images.cast('float32').div(255), labels], {
  testSize: 0.3,
  seed: 1,
});
console.log('training', xTrain.shape, 'validation', xVal.shape, 'test', testImages.shape);

const model = new Sequential([
  Input({shape: [28, 28, 1]}),
  new layers.Conv2D(128, [3, 3], {strides: 2, padding: 'same'}),
  new layers.MaxPool2D(3),
  new layers.BatchNormalization(),
  new layers.Flatten(),
  new layers.Dense(100, {activation: 'relu'}),
  new layers.Dense(10, {activation: 'softmax'}),
]);
model.summary();
check('parameters', model.countParams(), {above: 207_701, below: 207_703});

function randomBatch(x: Tensor, y: Tensor, size: number): [Tensor, Tensor] {
  const indices = random.randint([size], 0, x.length);
  return [x.at(indices), y.at(indices)];
}

function printProgress(step: number, total: number, shown: readonly Metric[]) {
  const end = step >= total;
  // A terminal sees every tenth step; a file or a pipe one line an epoch.
  if (!end && (!process.stdout.isTTY || step % 320 !== 0)) return;
  const values = shown.map((metric) => `${metric.name}: ${metric.result().item().toFixed(4)}`).join(' - ');
  process.stdout.write(`${process.stdout.isTTY ? '\r' : ''}${step}/${total} - ${values}${end ? '\n' : ''}`);
}

const epochs = budget(7, 1);
const batchSize = 32;
const steps = budget(Math.floor(xTrain.length / batchSize), 600);
const optimizer = new optimizers.Nadam(0.01);
const meanLoss = new metrics.Mean({name: 'loss'});
const accuracy = new metrics.SparseCategoricalAccuracy({name: 'accuracy'});
const reached: {loss: number; accuracy: number}[] = [];

for (let epoch = 1; epoch <= epochs; epoch++) {
  console.log(`Epoch ${epoch}/${epochs}`);
  for (let step = 1; step <= steps; step++) {
    // Batches of shape (32, 28, 28): the model adds the missing channel.
    const [x, y] = randomBatch(xTrain, yTrain, batchSize);
    const tape = new GradientTape();
    const {output, loss} = tape.record(() => {
      const output = model(x, {training: true});
      const main = ops.mean(losses.sparseCategoricalCrossentropy(y, output));
      return {output, loss: ops.addN([main, ...model.losses])};
    });
    optimizer.apply(tape.gradient(loss, model.trainableVariables), model.trainableVariables);
    meanLoss(loss);
    accuracy(y, output);
    printProgress(step * batchSize, steps * batchSize, [meanLoss, accuracy]);
  }
  reached.push({loss: meanLoss.result().item(), accuracy: accuracy.result().item()});
  meanLoss.resetState();
  accuracy.resetState();
}

const compiled = model.compile({loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
const validation = await compiled.evaluate(xVal, yVal, {batchSize: 128, verbose: 0});
const test = await compiled.evaluate(testImages.cast('float32').div(255), testLabels, {batchSize: 128, verbose: 0});
console.log('validation', validation, '\ntest', test);

// The notes: loss .506, accuracy .822 after epoch 1 and .335, .879 in epoch 7. The short check takes 600 steps of epoch 1.
const first = reached[0] ?? {loss: NaN, accuracy: NaN};
const last = reached.at(-1) ?? first;
check('loss in epoch 1', first.loss, {below: short ? 0.68 : 0.55});
check('accuracy in epoch 1', first.accuracy, {above: short ? 0.75 : 0.8});
if (!short) {
  check('loss in the last epoch', last.loss, {below: 0.38});
  check('accuracy in the last epoch', last.accuracy, {above: 0.86});
}
check('test accuracy', test.accuracy, {above: short ? 0.77 : 0.82});
