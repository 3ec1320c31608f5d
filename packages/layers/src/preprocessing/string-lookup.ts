import {type Config, type Element, type RaggedTensor, strings, tensor, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {IndexLookup} from './index-lookup.js';
import {type IndexLookupOptions, type TokenKind} from './lookup-options.js';

/** Options of {@link StringLookup}. */
export interface StringLookupOptions extends IndexLookupOptions<string> {
  /** Of the strings. Only `'utf-8'`, the default. */
  encoding?: 'utf-8' | undefined;
}

const STRINGS: TokenKind<string> = {
  dtype: 'string',
  oovToken: '[UNK]',
  tokens: (values, where) =>
    values.map((value) => {
      if (typeof value === 'string') return value;
      throw new ValueError(`${where}: a string is needed, got ${describe(value)}`);
    }),
  tensor: (tokens, shape) => tensor([...tokens], {shape}),
  buckets: (tokens, n, {salt}) => {
    const list = [...tokens];
    const found = salt === null ? strings.toHashBucketFast(list, n) : strings.toHashBucketStrong(list, n, salt);
    return found.array(1).map(Number);
  },
};

/** The `encoding` option. */
export function checkEncoding(where: string, encoding: unknown): 'utf-8' {
  if (encoding === undefined || encoding === 'utf-8') return 'utf-8';
  throw new ValueError(`${where}: encoding must be "utf-8", got ${describe(encoding)}`);
}

/**
 * Strings as indices of a vocabulary, or as vectors of its length. The vocabulary is given or made by `adapt`. Index 0 is for the mask
 * token where there is one (with `'int'`), then come those for unknown strings, then the vocabulary.
 *
 * @typeParam O what comes out: `Tensor<string>` with `invert`, `SparseTensor` with `sparse`
 * @example
 * const lookup = new layers.StringLookup({vocabulary: ['a', 'b', 'c']});
 * lookup(tensor(['c', 'a', 'z'])).array(); // [3n, 1n, 0n]
 */
export class StringLookup<O = Tensor> extends IndexLookup<string, Tensor<Element> | RaggedTensor<Element>, O> {
  readonly encoding: 'utf-8';

  constructor(options: StringLookupOptions = {}) {
    super(STRINGS, options, ['encoding']);
    this.encoding = checkEncoding('StringLookup', options.encoding);
  }

  override getConfig(): Config {
    const {vocabulary_dtype: _, ...rest} = super.getConfig();
    return {...rest, encoding: this.encoding};
  }
}
