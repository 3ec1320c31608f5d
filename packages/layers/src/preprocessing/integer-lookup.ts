import {type Element, type RaggedTensor, strings, tensor, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {IndexLookup} from './index-lookup.js';
import {type IndexLookupOptions, type TokenKind} from './lookup-options.js';

/** An integer of a vocabulary: bigint beyond 2^53. */
export type IntegerToken = number | bigint;

/** Options of {@link IntegerLookup}. */
export interface IntegerLookupOptions extends IndexLookupOptions<IntegerToken> {
  /** Only `'int64'`, the default. */
  vocabularyDtype?: 'int64' | undefined;
}

// Integers of one value must be one key: those that a number holds are numbers.
function keyOf(value: unknown, where: string): IntegerToken {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ValueError(`${where}: an integer is needed, got ${describe(value)}`);
}

const INTEGERS: TokenKind<IntegerToken> = {
  dtype: 'int64',
  oovToken: -1,
  tokens: (values, where) => values.map((value) => keyOf(value, where)),
  tensor: (tokens, shape) => tensor(BigInt64Array.from(tokens, BigInt), {shape}),
  buckets: (tokens, n, {salt, oovMethod}) => {
    if (oovMethod === 'floormod') {
      const size = BigInt(n);
      return tokens.map((token) => Number(((BigInt(token) % size) + size) % size));
    }
    const texts = tokens.map(String);
    const found = salt === null ? strings.toHashBucketFast(texts, n) : strings.toHashBucketStrong(texts, n, salt);
    return found.array(1).map(Number);
  },
};

/**
 * Integers as indices of a vocabulary, or as vectors of its length. The vocabulary is given or made by `adapt`. Index 0 is for the mask
 * token where there is one (with `'int'`), then come those for unknown integers, then the vocabulary.
 *
 * @typeParam O what comes out: `SparseTensor` with `sparse`
 * @example
 * const lookup = new layers.IntegerLookup({vocabulary: [12, 36, 1138]});
 * lookup(tensor([36, 12, 7], 'int32')).array(); // [2n, 1n, 0n]
 */
export class IntegerLookup<O = Tensor> extends IndexLookup<IntegerToken, Tensor<Element> | RaggedTensor<Element>, O> {
  constructor(options: IntegerLookupOptions = {}) {
    super(INTEGERS, options, ['vocabularyDtype']);
    const {vocabularyDtype = 'int64'} = options;
    // Plain JavaScript may give anything.
    if ((vocabularyDtype as string) !== 'int64') {
      throw new ValueError(`IntegerLookup: vocabularyDtype must be "int64", got ${describe(vocabularyDtype)}`);
    }
  }
}
