import {datasets, layers, Sequential, setSeed} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

// Forward and both gradients of the two products; the first layer needs no input gradient.
const FLOPS = 60_000 * 2 * (2 * 784 * 512 + 3 * 512 * 10);

export const mnistMlp: Workload = {
  name: 'mnist-mlp',
  description: '784-512-10, rmsprop: an epoch of fit over 60,000 images',
  async run(report) {
    setSeed(1);
    const {
      train: [images, labels],
    } = await datasets.mnist.loadData();
    const x = images.reshape([60000, 784]).cast('float32').div(255);
    for (const batchSize of [128, 32]) {
      const model = new Sequential([
        new layers.Dense(512, {activation: 'relu'}),
        new layers.Dense(10, {activation: 'softmax'}),
      ]).compile({optimizer: 'rmsprop', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
      const epoch = () => model.fit(x, labels, {epochs: 1, batchSize, verbose: 0});
      report(timeRow(`mnist_mlp_epoch_b${batchSize}`, 's', await time(epoch, {repetitions: 3}), FLOPS));
    }
  },
};
