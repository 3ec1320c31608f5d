// Two optimizers for two parts of one model (003-6): by hand with a persistent tape, and by compile.
import {
  clearSession,
  datasets,
  GradientTape,
  Input,
  layers,
  losses,
  metrics,
  ops,
  optimizers,
  random,
  Sequential,
  setSeed,
} from 'keratin';
import {budget, check, short} from './support/check.js';

const {
  train: [allImages, allLabels],
} = await datasets.fashionMnist.loadData();
const x = allImages.at(':5000').cast('float32').div(255);
const y = allLabels.at(':5000');
const xVal = allImages.at('5000:6000').cast('float32').div(255);
const yVal = allLabels.at('5000:6000');

function buildModel() {
  clearSession();
  setSeed(42);
  const lower = new Sequential(
    [
      Input({shape: [28, 28, 1]}),
      new layers.Conv2D(128, [2, 2], {strides: 2, padding: 'same', activation: 'relu'}),
      new layers.MaxPool2D(3),
      new layers.BatchNormalization(),
    ],
    {name: 'lower'},
  );
  const upper = new Sequential(
    [new layers.Flatten(), new layers.Dense(100, {activation: 'relu'}), new layers.Dense(10, {activation: 'softmax'})],
    {name: 'upper'},
  );
  const model = new Sequential([lower, upper]);
  const groups = [
    [lower, new optimizers.Adam(0.002)],
    [upper, new optimizers.Nadam(0.001)],
  ] as const;
  return {model, groups};
}

const epochs = budget(5, 2);
const steps = Math.floor(x.length / 32);

// By hand, as in the notes: the model is called without `training`, so that BatchNormalization keeps its initial statistics.
const byHand = buildModel();
const meanLoss = new metrics.Mean();
const accuracy = new metrics.SparseCategoricalAccuracy();
const reached: number[] = [];
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (let step = 0; step < steps; step++) {
    const indices = random.randint([32], 0, x.length);
    const [xBatch, yBatch] = [x.at(indices), y.at(indices)];
    const tape = new GradientTape({persistent: true});
    const {output, loss} = tape.record(() => {
      const output = byHand.model(xBatch);
      const main = ops.mean(losses.sparseCategoricalCrossentropy(yBatch, output));
      return {output, loss: ops.addN([main, ...byHand.model.losses])};
    });
    for (const [part, optimizer] of byHand.groups) {
      optimizer.apply(tape.gradient(loss, part.trainableVariables), part.trainableVariables);
    }
    meanLoss(loss);
    accuracy(yBatch, output);
  }
  const p = byHand.model(xVal);
  const values = {
    loss: meanLoss.result().item(),
    accuracy: accuracy.result().item(),
    valLoss: ops.mean(losses.sparseCategoricalCrossentropy(yVal, p)).item(),
    valAccuracy: ops.mean(metrics.sparseCategoricalAccuracy(yVal, p)).item(),
  };
  console.log(
    `epoch ${epoch}/${epochs}: ${Object.entries(values)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join(', ')}`,
  );
  reached.push(values.accuracy);
  meanLoss.resetState();
  accuracy.resetState();
  if (epoch === epochs) check('validation accuracy by hand', values.valAccuracy, {above: short ? 0.68 : 0.77});
}
byHand.model.summary();
check('parameters', byHand.model.countParams(), {above: 207_061, below: 207_063});

// The same by compile: each optimizer gets the variables of its part.
const compiled = buildModel();
const {history} = await compiled.model
  .compile({optimizer: compiled.groups, loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']})
  .fit(x, y, {epochs, batchSize: 32, validationData: [xVal, yVal], verbose: 2});

// The notes: accuracy .648 -> .849 over 5 epochs; Keras itself .661 -> .843, with training: true .781 -> .899.
check('accuracy by hand in epoch 1', reached[0] ?? NaN, {above: 0.6});
check('accuracy by hand in the last epoch', reached.at(-1) ?? NaN, {above: short ? 0.74 : 0.82});
check('accuracy by compile in epoch 1', history.accuracy[0] ?? NaN, {above: 0.7});
check('accuracy by compile in the last epoch', history.accuracy.at(-1) ?? NaN, {above: short ? 0.8 : 0.86});
