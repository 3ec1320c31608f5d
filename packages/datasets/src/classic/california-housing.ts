import {type Tensor} from '@keratin/core';
import {checkChoice, checkOptions} from '@keratin/core/internal';
import {type BostonHousingOptions} from './boston-housing.js';
import {KERAS_DATA, publishedFile} from './published.js';
import {checkTestSplit, tableSet} from './table-set.js';
import {type PartsOf} from './train-and-test.js';

/** Options of `datasets.californiaHousing.loadData`. */
export interface CaliforniaHousingOptions extends BostonHousingOptions {
  /** `'large'` has 20,640 rows, `'small'` the first 600. Default `'large'`. */
  version?: 'large' | 'small' | undefined;
}

/** California housing: eight features of districts and the median value of houses in dollars. (The census of 1990.) */
export const californiaHousing = {
  /**
   * Features (n, 8) and targets (n,), float32.
   *
   * @example
   * const {train: [x, y]} = await datasets.californiaHousing.loadData({version: 'small'});
   */
  async loadData(options: CaliforniaHousingOptions = {}): Promise<PartsOf<Tensor, Tensor>> {
    const op = 'californiaHousing.loadData';
    checkOptions(op, options, ['version', 'path', 'testSplit', 'seed'], {test_split: 'testSplit'});
    const {version = 'large', testSplit = 0.2, seed = 113} = options;
    checkChoice(op, 'version', version, ['large', 'small']);
    checkTestSplit(op, testSplit);
    const name = 'california_housing.npz';
    const hash = '1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f';
    const file = {dataset: 'california_housing', name, url: `${KERAS_DATA}${name}`, hash};
    const rows = version === 'small' ? 600 : undefined;
    return tableSet(op, await publishedFile(file, options.path), {testSplit, seed, rows});
  },
};
