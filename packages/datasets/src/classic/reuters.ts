import {readFile} from 'node:fs/promises';
import {type Tensor} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {RandomState} from '../random/random-state.js';
import {KERAS_DATA, publishedFile} from './published.js';
import {checkTestSplit} from './table-set.js';
import {type PartsOf, partsOf} from './train-and-test.js';
import {
  begun,
  labelTensor,
  limited,
  readTexts,
  readWordIndex,
  reordered,
  type WordOptions,
  wordRules,
} from './word-sequences.js';

/** Options of `datasets.reuters.loadData`. */
export interface ReutersOptions extends WordOptions {
  /** The share of the texts for the test. Default 0.2. */
  testSplit?: number | undefined;
}

const LABELS =
  'cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude nat-gas cpi ' +
  'money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop ' +
  'zinc orange pet-chem dlr gas silver wpi hog lead';

/** Reuters: 11,228 newswires of 46 topics. (Reuters-21578.) */
export const reuters = {
  /**
   * Newswires as lists of word numbers by frequency, and topics (n,) as int32; as `imdb` in all else.
   *
   * @example
   * const {train: [x, y], test} = await datasets.reuters.loadData({numWords: 10_000, testSplit: 0.2});
   */
  async loadData(options: ReutersOptions = {}): Promise<PartsOf<number[][], Tensor>> {
    const op = 'reuters.loadData';
    const rules = wordRules(op, options, ['testSplit']);
    const testSplit = checkTestSplit(op, options.testSplit ?? 0.2);
    const random = new RandomState(rules.seed, op);
    const name = 'reuters.npz';
    const hash = 'd6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916';
    const path = await publishedFile({dataset: 'reuters', name, url: `${KERAS_DATA}${name}`, hash}, options.path);
    const texts = await readTexts(path, 'x', 'y');
    const {sequences, labels} = begun(reordered(texts, random.order(texts.labels.length)), rules);
    const all = limited(sequences, rules);
    const at = Math.trunc(all.length * (1 - testSplit));
    return partsOf(
      [all.slice(0, at), labelTensor(labels.slice(0, at))],
      [all.slice(at), labelTensor(labels.slice(at))],
    );
  },

  /**
   * The number of each word. Add `indexFrom` (3) for the numbers that `loadData` gives.
   *
   * @param options.path the name of the file in the cache; default `'reuters_word_index.json'`
   */
  async getWordIndex(options: {path?: string | undefined} = {}): Promise<Record<string, number>> {
    checkOptions('reuters.getWordIndex', options, ['path']);
    const name = 'reuters_word_index.json';
    const file = {dataset: 'reuters', name, url: `${KERAS_DATA}${name}`, hash: '4d44cc38712099c9e383dc6e5f11a921'};
    return readWordIndex(await publishedFile(file, options.path), (path) => readFile(path, 'utf8'));
  },

  /** The names of the topics, in the order of their numbers. */
  getLabelNames(): readonly string[] {
    return LABELS.split(' ');
  },
};
