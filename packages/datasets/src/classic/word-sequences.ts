import {FileFormatError, isTensor, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {readNpzObjects, type NpzContent} from '../files/npz-objects.js';

/** Options of the data sets of texts, whose words are numbers by frequency. */
export interface WordOptions {
  /** The name of the file in the cache. */
  path?: string | undefined;
  /** Only words with a number below it stay, the most frequent ones; others become `oovChar`. Default: all. */
  numWords?: number | null | undefined;
  /** Words with a number below it become `oovChar` too: the most frequent ones. Default 0. */
  skipTop?: number | undefined;
  /** Sequences of this length and longer are left out. Default: none. */
  maxlen?: number | null | undefined;
  /** Of the order of the sequences, which is Keras's for the same seed. Default 113. */
  seed?: number | undefined;
  /** What each sequence begins with; null for nothing. Default 1. */
  startChar?: number | null | undefined;
  /** What stands for words that were left out; null leaves them out altogether. Default 2. */
  oovChar?: number | null | undefined;
  /** Added to the numbers of the words. Default 3. */
  indexFrom?: number | undefined;
}

/** The same, with what was not given filled in. */
export interface WordRules {
  readonly numWords: number | null;
  readonly skipTop: number;
  readonly maxlen: number | null;
  readonly seed: number;
  readonly startChar: number | null;
  readonly oovChar: number | null;
  readonly indexFrom: number;
}

const RENAMED = {
  num_words: 'numWords',
  nb_words: 'numWords',
  skip_top: 'skipTop',
  start_char: 'startChar',
  oov_char: 'oovChar',
  index_from: 'indexFrom',
  test_split: 'testSplit',
};

/** Checks what a user gave. */
export function wordRules(op: string, options: WordOptions, others: readonly string[] = []): WordRules {
  const keys = ['path', 'numWords', 'skipTop', 'maxlen', 'seed', 'startChar', 'oovChar', 'indexFrom'];
  checkOptions(op, options, [...keys, ...others], RENAMED);
  const {numWords = null, skipTop = 0, maxlen = null, seed = 113} = options;
  const {startChar = 1, oovChar = 2, indexFrom = 3} = options;
  for (const [name, value] of Object.entries({numWords, skipTop, maxlen, seed, startChar, oovChar, indexFrom})) {
    const mayBeNull = !['skipTop', 'seed', 'indexFrom'].includes(name);
    if (value === null && mayBeNull) continue;
    if (!Number.isInteger(value) || (value ?? -1) < 0) {
      throw new ValueError(
        `${op}: ${name} must be an integer of at least 0${mayBeNull ? ' or null' : ''}, got ${describe(value)}`,
      );
    }
  }
  return {numWords, skipTop, maxlen, seed, startChar, oovChar, indexFrom};
}

/** Texts and their labels. */
export interface Texts {
  readonly sequences: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** The arrays of a data set's file, by name. */
export async function readTexts(path: string, x: string, y: string, content?: NpzContent): Promise<Texts> {
  const arrays = content ?? (await readNpzObjects(path));
  const [lists, labels] = [arrays.get(x), arrays.get(y)];
  if (lists === undefined || labels === undefined || isTensor(lists) || !isTensor(labels)) {
    throw new FileFormatError(`${path}: a list of sequences "${x}" and labels "${y}" are needed`);
  }
  const sequences = lists.map((list) => {
    if (Array.isArray(list) && list.every((word) => Number.isSafeInteger(word))) return list as number[];
    throw new FileFormatError(`${path}: "${x}" must hold lists of integers, got ${describe(list)}`);
  });
  const values = Array.from(labels.data() as ArrayLike<number | bigint>, Number);
  if (values.length !== sequences.length) {
    throw new FileFormatError(
      `${path}: there are ${String(sequences.length)} sequences and ${String(values.length)} labels`,
    );
  }
  return {sequences, labels: values};
}

/** Texts in another order. */
export function reordered({sequences, labels}: Texts, order: readonly number[]): Texts {
  return {
    sequences: order.map((i) => sequences[i] ?? []),
    labels: order.map((i) => labels[i] ?? 0),
  };
}

/** Texts that begin with the start and have moved numbers; those of `maxlen` and more are left out. */
export function begun({sequences, labels}: Texts, {startChar, indexFrom, maxlen}: WordRules): Texts {
  const moved = sequences.map((words) => {
    const rest = indexFrom === 0 ? words : words.map((word) => word + indexFrom);
    return startChar === null ? rest : [startChar, ...rest];
  });
  if (maxlen === null || maxlen === 0) return {sequences: moved, labels};
  const kept = moved.map(({length}) => length < maxlen);
  return {sequences: moved.filter((_, i) => kept[i]), labels: labels.filter((_, i) => kept[i])};
}

/** The words that the rules let stay; without `numWords` the largest number counts as left out, as in Keras. */
export function limited(sequences: readonly (readonly number[])[], rules: WordRules): number[][] {
  const {skipTop, oovChar} = rules;
  const largest = (): number => sequences.reduce((most, words) => words.reduce((a, b) => Math.max(a, b), most), 0);
  const numWords = rules.numWords === null || rules.numWords === 0 ? largest() : rules.numWords;
  const stays = (word: number): boolean => word >= skipTop && word < numWords;
  if (oovChar === null) return sequences.map((words) => words.filter(stays));
  return sequences.map((words) => words.map((word) => (stays(word) ? word : oovChar)));
}

/** Labels as a tensor of int32. */
export const labelTensor = (labels: readonly number[]): Tensor => tensor(Int32Array.from(labels));

/** The numbers of words by word, from a JSON file. */
export async function readWordIndex(
  path: string,
  read: (path: string) => Promise<string>,
): Promise<Record<string, number>> {
  let value: unknown;
  try {
    value = JSON.parse(await read(path));
  } catch (cause) {
    throw new FileFormatError(`${path}: this is no JSON`, {cause});
  }
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length === 0 || !entries.every(([, number]) => typeof number === 'number')) {
    throw new FileFormatError(`${path}: an object of numbers by word is needed`);
  }
  return value as Record<string, number>;
}
