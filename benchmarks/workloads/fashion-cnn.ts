import {GradientTape, Input, layers, losses, ops, optimizers, random, Sequential, setSeed, type Tensor} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

const BATCH = 32;
const STEPS = 200;

function build() {
  return new Sequential([
    Input({shape: [28, 28, 1]}),
    new layers.Conv2D(128, 3, {strides: 2, padding: 'same', activation: 'relu'}),
    new layers.MaxPool2D(3),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dense(100, {activation: 'relu'}),
    new layers.Dense(10, {activation: 'softmax'}),
  ]);
}

// Convolution forward and filter gradient; the dense layers forward and both gradients.
const FLOPS = BATCH * 2 * (2 * 14 * 14 * 128 * 9 + 3 * (2048 * 100 + 100 * 10));

export const fashionCnn: Workload = {
  name: 'fashion-cnn',
  description: `Conv2D(128) - MaxPool2D(3) - BatchNormalization - Dense(100) - Dense(10), Nadam, batch ${BATCH}: a training step`,
  async run(report) {
    setSeed(1);
    // Pictures of noise: a step costs the same whatever is on them.
    const x = random.uniform([BATCH * STEPS, 28, 28, 1]);
    const y = random.randint([BATCH * STEPS], 0, 10);
    const model = build();
    const compiled = model.compile({
      optimizer: new optimizers.Nadam(0.01),
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
    });
    const perStep = (seconds: number[]) => seconds.map((value) => value / STEPS);
    const fit = () => compiled.fit(x, y, {epochs: 1, batchSize: BATCH, verbose: 0});
    report(timeRow('fashion_cnn_fit_step', 'ms', perStep(await time(fit, {repetitions: 5})), FLOPS));

    const looped = build();
    const optimizer = new optimizers.Nadam(0.01);
    const step = (xb: Tensor, yb: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => ops.mean(losses.sparseCategoricalCrossentropy(yb, looped(xb, {training: true}))));
      optimizer.apply(tape.gradient(loss, looped.trainableVariables), looped.trainableVariables);
    };
    const loop = () => {
      for (let i = 0; i < STEPS; i++) {
        const ids = random.randint([BATCH], 0, x.length);
        step(x.at(ids), y.at(ids));
      }
    };
    report(timeRow('fashion_cnn_tape_step', 'ms', perStep(await time(loop, {repetitions: 5})), FLOPS));
  },
};
