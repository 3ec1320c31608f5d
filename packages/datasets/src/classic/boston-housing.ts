import {type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {KERAS_DATA, publishedFile} from './published.js';
import {checkTestSplit, tableSet} from './table-set.js';
import {type PartsOf} from './train-and-test.js';

/** Options of `datasets.bostonHousing.loadData`. */
export interface BostonHousingOptions {
  /** The name of the file in the cache. Default `'boston_housing.npz'`. */
  path?: string | undefined;
  /** The share of the rows for the test. Default 0.2. */
  testSplit?: number | undefined;
  /** Of the order of the rows, which is Keras's for the same seed. Default 113. */
  seed?: number | undefined;
}

/** Boston housing: 506 rows of 13 features, and the median value of homes in thousands of dollars. (Carnegie Mellon's StatLib.) */
export const bostonHousing = {
  /**
   * Features (n, 13) and targets (n,), float64. The data set is known for an ethical problem: one feature presumes that segregation by
   * race has a value; `californiaHousing` is a better choice.
   *
   * @example
   * const {train: [x, y], test: [xTest, yTest]} = await datasets.bostonHousing.loadData();
   */
  async loadData(options: BostonHousingOptions = {}): Promise<PartsOf<Tensor, Tensor>> {
    const op = 'bostonHousing.loadData';
    checkOptions(op, options, ['path', 'testSplit', 'seed'], {test_split: 'testSplit'});
    const {testSplit = 0.2, seed = 113} = options;
    checkTestSplit(op, testSplit);
    const name = 'boston_housing.npz';
    const hash = 'f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5';
    const file = {dataset: 'boston_housing', name, url: `${KERAS_DATA}${name}`, hash};
    return tableSet(op, await publishedFile(file, options.path), {testSplit, seed});
  },
};
