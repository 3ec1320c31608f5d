import {datasets, Input, layers, Sequential, setSeed, slice} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

const BATCH = 64;
const STEPS = 60;

/** Two convolutions with pooling, as many first programs on MNIST have them. */
export const convnetOf = () =>
  new Sequential([
    Input({shape: [28, 28, 1]}),
    new layers.Conv2D(32, 3, {activation: 'relu'}),
    new layers.MaxPool2D(2),
    new layers.Conv2D(64, 3, {activation: 'relu'}),
    new layers.MaxPool2D(2),
    new layers.Flatten(),
    new layers.Dropout(0.5),
    new layers.Dense(10, {activation: 'softmax'}),
  ]);

// The first convolution forward and its filter's gradient, the second one and the dense layer with both gradients.
export const CONVNET_FLOPS = BATCH * 2 * (2 * 26 * 26 * 32 * 9 + 3 * (11 * 11 * 64 * 9 * 32 + 1600 * 10));

export const convnet: Workload = {
  name: 'convnet',
  description: `Conv2D(32) - MaxPool2D - Conv2D(64) - MaxPool2D - Dropout - Dense(10) on MNIST, Adam, batch ${String(BATCH)}: a step of fit`,
  async run(report) {
    setSeed(1);
    const {
      train: [images, labels],
    } = await datasets.mnist.loadData();
    const some = slice(null, BATCH * STEPS);
    const x = images.at(some).reshape([-1, 28, 28, 1]).cast('float32').div(255);
    const y = labels.at(some);
    const model = convnetOf().compile({
      optimizer: 'adam',
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
    });
    const epoch = () => model.fit(x, y, {batchSize: BATCH, verbose: 0});
    const seconds = await time(epoch, {repetitions: 6, warmup: 2});
    report(
      timeRow(
        'convnet_fit_step',
        'ms',
        seconds.map((each) => each / STEPS),
        CONVNET_FLOPS,
      ),
    );
  },
};
