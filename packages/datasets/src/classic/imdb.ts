import {readFile} from 'node:fs/promises';
import {type Tensor, ValueError} from '@keratin/core';
import {checkOptions} from '@keratin/core/internal';
import {readNpzObjects} from '../files/npz-objects.js';
import {RandomState} from '../random/random-state.js';
import {KERAS_DATA, publishedFile} from './published.js';
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

/** IMDB: 25,000 + 25,000 film reviews, positive (1) or negative (0). (Maas et al., ACL 2011.) */
export const imdb = {
  /**
   * Reviews as lists of word numbers by frequency, and labels (n,) as int32. 0 is for padding, 1 begins a review, 2 stands for words that were
   * left out. Where `numWords` is not given the rarest word counts as left out, as in Keras.
   *
   * @example
   * const {train: [x, y]} = await datasets.imdb.loadData({numWords: 10_000});
   * const padded = utils.padSequences(x, {maxlen: 256});
   */
  async loadData(options: WordOptions = {}): Promise<PartsOf<number[][], Tensor>> {
    const op = 'imdb.loadData';
    const rules = wordRules(op, options);
    const random = new RandomState(rules.seed, op);
    const name = 'imdb.npz';
    const hash = '69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f';
    const path = await publishedFile({dataset: 'imdb', name, url: `${KERAS_DATA}${name}`, hash}, options.path);
    const content = await readNpzObjects(path);
    const train = await readTexts(path, 'x_train', 'y_train', content);
    const test = await readTexts(path, 'x_test', 'y_test', content);
    // One stream of random numbers for both orders.
    const parts = [train, test].map((texts) => begun(reordered(texts, random.order(texts.labels.length)), rules));
    if (parts.some(({labels}) => labels.length === 0)) {
      throw new ValueError(`${op}: no review is shorter than maxlen = ${String(rules.maxlen)}; increase maxlen`);
    }
    const [left, right] = [parts[0] ?? train, parts[1] ?? test];
    const all = limited([...left.sequences, ...right.sequences], rules);
    const at = left.sequences.length;
    return partsOf([all.slice(0, at), labelTensor(left.labels)], [all.slice(at), labelTensor(right.labels)]);
  },

  /**
   * The number of each word. Add `indexFrom` (3) for the numbers that `loadData` gives.
   *
   * @param options.path the name of the file in the cache; default `'imdb_word_index.json'`
   */
  async getWordIndex(options: {path?: string | undefined} = {}): Promise<Record<string, number>> {
    checkOptions('imdb.getWordIndex', options, ['path']);
    const name = 'imdb_word_index.json';
    const file = {dataset: 'imdb', name, url: `${KERAS_DATA}${name}`, hash: 'bfafd718b763782e994055a2d397834f'};
    return readWordIndex(await publishedFile(file, options.path), (path) => readFile(path, 'utf8'));
  },
};
