import {type Tensor} from '@keratin/core';
import {filesIn, readBatches} from './cifar.js';
import {publishedFile} from './published.js';
import {type PartsOf, partsOf} from './train-and-test.js';

const TRAIN = [1, 2, 3, 4, 5].map((i) => `cifar-10-batches-py/data_batch_${String(i)}`);
const TEST = 'cifar-10-batches-py/test_batch';

/** CIFAR-10: 50,000 + 10,000 colour pictures of ten classes. (Krizhevsky, 2009.) */
export const cifar10 = {
  /**
   * Images (n, 32, 32, 3) and labels (n, 1), both uint8: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.
   *
   * @example
   * const {train: [x, y], test: [xTest, yTest]} = await datasets.cifar10.loadData();
   */
  async loadData(): Promise<PartsOf<Tensor, Tensor>> {
    const path = await publishedFile({
      dataset: 'cifar10',
      name: 'cifar-10-python.tar.gz',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz',
      hash: '6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce',
    });
    const files = await filesIn(path, [...TRAIN, TEST]);
    return partsOf(readBatches(files, TRAIN, 'labels'), readBatches(files, [TEST], 'labels'));
  },
};
