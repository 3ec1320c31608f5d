import {type Tensor} from '@keratin/core';
import {checkChoice, checkOptions} from '@keratin/core/internal';
import {filesIn, readBatches} from './cifar.js';
import {publishedFile} from './published.js';
import {type PartsOf, partsOf} from './train-and-test.js';

/** Options of `datasets.cifar100.loadData`. */
export interface Cifar100Options {
  /** `'fine'` labels are 100 classes, `'coarse'` ones the 20 groups of them. Default `'fine'`. */
  labelMode?: 'fine' | 'coarse' | undefined;
}

const TRAIN = 'cifar-100-python/train';
const TEST = 'cifar-100-python/test';

/** CIFAR-100: 50,000 + 10,000 colour pictures of 100 classes in 20 groups. (Krizhevsky, 2009.) */
export const cifar100 = {
  /**
   * Images and labels as those of `cifar10`.
   *
   * @example
   * const {train: [x, y]} = await datasets.cifar100.loadData({labelMode: 'coarse'});
   */
  async loadData(options: Cifar100Options = {}): Promise<PartsOf<Tensor, Tensor>> {
    const op = 'cifar100.loadData';
    checkOptions(op, options, ['labelMode'], {label_mode: 'labelMode'});
    const {labelMode = 'fine'} = options;
    checkChoice(op, 'labelMode', labelMode, ['fine', 'coarse']);
    const path = await publishedFile({
      dataset: 'cifar100',
      name: 'cifar-100-python.tar.gz',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
      hash: '85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7',
    });
    const files = await filesIn(path, [TRAIN, TEST]);
    const key = `${labelMode}_labels`;
    return partsOf(readBatches(files, [TRAIN], key), readBatches(files, [TEST], key));
  },
};
