import {type Element, type Tensor} from '@keratin/core';
import {type LayerOptions} from '../layer/types.js';
import {type Salt} from './hashing.js';
import {type Token} from './vocabulary.js';

/** What a lookup gives: indices, or vectors; `tf_idf` counts tokens weighted by how rare they are. */
export type LookupMode = 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf';

export const LOOKUP_MODES = ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'] as const;

/** Options that all lookups share. */
export interface IndexLookupOptions<T extends Token> extends LayerOptions {
  /** The most tokens that the vocabulary may have, with those for masks and unknown values. Default: any number. */
  maxTokens?: number | null | undefined;
  /** How many indices there are for values that are not in the vocabulary; with 0 they are errors. Default 1. */
  numOovIndices?: number | undefined;
  /** The value whose index is 0 (with `'int'`), and that vectors leave out. Default: none. */
  maskToken?: T | null | undefined;
  /** What `invert` gives for an index of no value. */
  oovToken?: T | null | undefined;
  /** The tokens in the order of their indices, instead of `adapt`; or the path of a file with a token in each line. */
  vocabulary?: readonly T[] | Tensor<Element> | string | null | undefined;
  /** With `'tf_idf'` and a vocabulary: a weight for each token. */
  idfWeights?: readonly number[] | Tensor | null | undefined;
  /** Whether to give tokens for indices. Default false. */
  invert?: boolean | undefined;
  /** Indices as int64 (`'int'`, the default), or vectors as long as the vocabulary. */
  outputMode?: LookupMode | 'binary' | 'tf-idf' | undefined;
  /** Whether vectors have `maxTokens` numbers, also where the vocabulary is smaller. Default false. */
  padToMaxTokens?: boolean | undefined;
  /** Whether vectors are SparseTensors. Default false. */
  sparse?: boolean | undefined;
  /** How unknown integers choose among several indices: by their remainder or by a hash. Default `'floormod'`. */
  oovMethod?: 'floormod' | 'farmhash' | undefined;
  /** The key of the hash by which unknown values choose among several indices. */
  salt?: Salt | null | undefined;
  /** @internal The size of a vocabulary that is loaded later. */
  vocabularySize?: number | null | undefined;
}

/** The names of {@link IndexLookupOptions}. */
export const LOOKUP_OPTIONS = [
  'maxTokens',
  'numOovIndices',
  'maskToken',
  'oovToken',
  'vocabulary',
  'idfWeights',
  'invert',
  'outputMode',
  'padToMaxTokens',
  'sparse',
  'oovMethod',
  'salt',
  'vocabularySize',
];

/** How unknown values choose among several indices. */
export interface OovChoice {
  readonly oovMethod: 'floormod' | 'farmhash';
  readonly salt: readonly [number, number] | null;
}

/** The kind of the tokens of a lookup. */
export interface TokenKind<T extends Token> {
  readonly dtype: 'string' | 'int64';
  readonly oovToken: T;
  /** The elements of a tensor or list as tokens. */
  readonly tokens: (values: readonly unknown[], where: string) => T[];
  /** Tokens as a tensor. */
  readonly tensor: (tokens: readonly T[], shape: readonly number[]) => Tensor<Element>;
  /** One of n buckets for each token. */
  readonly buckets: (tokens: readonly T[], n: number, how: OovChoice) => number[];
}
