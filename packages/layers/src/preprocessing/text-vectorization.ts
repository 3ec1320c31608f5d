import {
  type Config,
  config,
  type CustomObjects,
  deserializeKerasObject,
  type Element,
  isTensor,
  ops,
  ragged,
  RaggedTensor,
  serializeKerasObject,
  type Shape,
  ShapeError,
  slice,
  type SparseTensor,
  strings,
  tensor,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {concrete, constructFrom, convert, describe, isSymbolic, show, symbolicTensor} from '@keratin/core/internal';
import {checkBoolean, checkChoice, checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {type Adapted, type AdaptOptions, visitBatches} from './batches.js';
import {modeOption} from './encoding.js';
import {type LookupMode} from './lookup-options.js';
import {checkEncoding, StringLookup} from './string-lookup.js';
import {checkNoFile} from './vocabulary-files.js';

/** Strings, or rows of parts of strings. */
type Texts = Tensor<string> | RaggedTensor<string>;

/** What is done to strings before they are cut into tokens. */
export type Standardize =
  'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | ((inputs: Tensor<string>) => Tensor<string>);

/** How strings are cut into tokens. */
export type Split = 'whitespace' | 'character' | ((inputs: Tensor<string>) => Texts);

/** Options of {@link TextVectorization}. */
export interface TextVectorizationOptions extends LayerOptions {
  /** The most tokens that the vocabulary may have, with those for padding and unknown words. Default: any number. */
  maxTokens?: number | null | undefined;
  /** Default `'lower_and_strip_punctuation'`; null for nothing. */
  standardize?: Standardize | null | undefined;
  /** Default `'whitespace'`; null for strings that are tokens. */
  split?: Split | null | undefined;
  /** Neighbouring tokens joined: of up to so many, or of the listed numbers of them. Default: none. */
  ngrams?: number | readonly number[] | null | undefined;
  /** Indices as int64, filled up with 0 (`'int'`, the default), or a vector as long as the vocabulary for each text. */
  outputMode?: LookupMode | 'binary' | 'tf-idf' | undefined;
  /** Of `'int'`: how long rows are; they are cut or filled up. Default: as long as the longest. */
  outputSequenceLength?: number | null | undefined;
  /** Whether vectors have `maxTokens` numbers, also where the vocabulary is smaller. Default false. */
  padToMaxTokens?: boolean | undefined;
  /** The tokens in the order of their indices, instead of `adapt`; or the path of a file with a token in each line. */
  vocabulary?: readonly string[] | Tensor<string> | string | null | undefined;
  /** With `'tf_idf'` and a vocabulary: a weight for each token. */
  idfWeights?: readonly number[] | Tensor | null | undefined;
  /** Whether vectors are SparseTensors. Default false. */
  sparse?: boolean | undefined;
  /** Of `'int'`: whether rows keep their lengths, as a RaggedTensor. Default false. */
  ragged?: boolean | undefined;
  /** Of the strings. Only `'utf-8'`, the default. */
  encoding?: 'utf-8' | undefined;
  /** @internal The size of a vocabulary that is loaded later. */
  vocabularySize?: number | null | undefined;
}

const OPTIONS = [
  'maxTokens',
  'standardize',
  'split',
  'ngrams',
  'outputMode',
  'outputSequenceLength',
  'padToMaxTokens',
  'vocabulary',
  'idfWeights',
  'sparse',
  'ragged',
  'encoding',
  'vocabularySize',
];

const PUNCTUATION = '[!"#$%&()\\*\\+,-\\./:;<=>?@\\[\\\\\\]^_`{|}~\\\']';

/**
 * Texts as rows of integers or as vectors: strings are made alike (`standardize`), cut into tokens (`split`, `ngrams`), and looked up in a
 * vocabulary that is given or made by `adapt`. Of indices 0 is padding and 1 is `'[UNK]'`. Inputs have shape (batch) or (batch, 1).
 *
 * @typeParam O what comes out: `RaggedTensor` with `ragged`, `SparseTensor` with `sparse`
 * @example
 * const vectorize = new layers.TextVectorization();
 * vectorize.adapt(['the cat sat', 'The dog sat!']);
 * vectorize(tensor(['a cat sat'])).array(); // [[1n, 5n, 3n]]
 */
export class TextVectorization<O = Tensor> extends Layer<Tensor<string>, O> {
  readonly standardize: Standardize | null;
  readonly split: Split | null;
  readonly ngrams: number | readonly number[] | null;
  readonly outputMode: LookupMode;
  readonly outputSequenceLength: number | null;
  readonly ragged: boolean;
  readonly encoding: 'utf-8';
  /** @internal Looks the tokens up. */
  readonly lookupLayer: StringLookup<unknown>;

  constructor(options: TextVectorizationOptions = {}) {
    super(options, OPTIONS);
    const where = 'TextVectorization';
    const {standardize = 'lower_and_strip_punctuation', split = 'whitespace', outputSequenceLength = null} = options;
    this.standardize =
      standardize === null || typeof standardize === 'function'
        ? standardize
        : checkChoice(where, 'standardize', standardize, ['lower_and_strip_punctuation', 'lower', 'strip_punctuation']);
    this.split =
      split === null || typeof split === 'function'
        ? split
        : checkChoice(where, 'split', split, ['whitespace', 'character']);
    this.ngrams = checkNgrams(where, options.ngrams ?? null);
    this.outputMode = modeOption(where, options.outputMode ?? 'int', [
      'int',
      'one_hot',
      'multi_hot',
      'count',
      'tf_idf',
    ]);
    if (outputSequenceLength !== null && this.outputMode !== 'int') {
      throw new ValueError(`${where}: outputSequenceLength goes with outputMode "int", got "${this.outputMode}"`);
    }
    this.outputSequenceLength =
      outputSequenceLength === null ? null : checkCount(where, 'outputSequenceLength', outputSequenceLength);
    this.ragged = checkBoolean(where, 'ragged', options.ragged ?? false);
    if (this.ragged && this.outputMode !== 'int') {
      throw new ValueError(`${where}: ragged goes with outputMode "int", got "${this.outputMode}"`);
    }
    this.encoding = checkEncoding(where, options.encoding);
    this.autocast = false;
    this.lookupLayer = new StringLookup<unknown>({
      maxTokens: options.maxTokens,
      vocabulary: options.vocabulary,
      idfWeights: options.idfWeights,
      padToMaxTokens: options.padToMaxTokens,
      maskToken: '',
      outputMode: this.outputMode,
      sparse: options.sparse,
      encoding: options.encoding,
      vocabularySize: options.vocabularySize,
    });
  }

  /** With `tf_idf`: the weight of each index. */
  get idfWeights(): Tensor | null {
    return this.lookupLayer.idfWeights;
  }

  /**
   * Makes the vocabulary of texts: tokens by falling frequency, those that occur equally often in falling order. A Promise where the data
   * are asynchronous.
   */
  adapt<D>(data: D, options: AdaptOptions & {batchSize?: number | undefined} = {}): Adapted<D> {
    const where = `${this.path}.adapt`;
    const add = (batch: unknown): void => {
      this.lookupLayer.updateState(this.#tokens(toTexts(batch, where), where), true);
    };
    this.lookupLayer.resetState();
    const done = (): void => {
      this.lookupLayer.finalizeState();
    };
    return visitBatches(where, data, {steps: options.steps}, {whole: add, batch: add, done});
  }

  /** The tokens in the order of their indices; see {@link StringLookup.getVocabulary}. */
  getVocabulary(includeSpecialTokens = true): string[] {
    return this.lookupLayer.getVocabulary(includeSpecialTokens).map(String);
  }

  /** How many indices there are: tokens, and those for padding and unknown words. */
  vocabularySize(): number {
    return this.lookupLayer.vocabularySize();
  }

  /** Sets the tokens, most frequent first, and with `tf_idf` their weights. */
  setVocabulary(
    vocabulary: readonly string[] | Tensor<string> | string,
    idfWeights: readonly number[] | Tensor | null = null,
  ): void {
    this.lookupLayer.setVocabulary(vocabulary, idfWeights);
  }

  #tokens(inputs: Tensor<string>, where: string): Texts {
    return this.#withNgrams(this.#cut(this.#alike(inputs), where));
  }

  #alike(inputs: Tensor<string>): Tensor<string> {
    const {standardize} = this;
    if (standardize === null) return inputs;
    if (typeof standardize === 'function') return standardize(inputs);
    const lower = standardize === 'strip_punctuation' ? inputs : strings.lower(inputs);
    return standardize === 'lower' ? lower : strings.regexReplace(lower, PUNCTUATION, '');
  }

  #cut(inputs: Tensor<string>, where: string): Texts {
    const {split} = this;
    if (split === null) return inputs;
    if (inputs.ndim > 1 && inputs.shape.at(-1) !== 1) {
      throw new ShapeError(`${where}: texts must have shape (batch,) or (batch,1), got ${show(inputs.shape)}`);
    }
    const flat = inputs.ndim > 1 ? inputs.reshape(concrete(inputs.shape).slice(0, -1)) : inputs;
    if (typeof split === 'function') return split(flat);
    return split === 'whitespace' ? strings.split(flat) : strings.unicodeSplit(flat, 'UTF-8');
  }

  #withNgrams(tokens: Texts): Texts {
    const {ngrams} = this;
    if (ngrams === null) return tokens;
    const widths = typeof ngrams === 'number' ? Array.from({length: ngrams}, (_, i) => i + 1) : ngrams;
    return strings.ngrams(tokens, widths, {separator: ' '});
  }

  override build(_inputShape: Shape): void {
    this.built = true;
  }

  override call(inputs: Tensor<string>): O {
    if (isSymbolic(inputs)) {
      const dtype = this.outputMode === 'int' ? 'int64' : config.floatx();
      return symbolicTensor({shape: this.#shapeOf(inputs.shape), dtype}) as O;
    }
    const found = this.lookupLayer.lookUp(this.#tokens(toTexts(inputs, this.path), this.path));
    return (this.outputMode === 'int' ? this.#sized(found) : found) as O;
  }

  // Rows of one length, cut or filled up with 0.
  #sized(found: Tensor<Element> | RaggedTensor<Element> | SparseTensor): unknown {
    const length = this.outputSequenceLength;
    if (found instanceof RaggedTensor) {
      if (this.ragged) return length === null ? found : shortened(found, length);
      const shape = found.shape.map((_, axis) => (axis === found.ndim - 1 ? length : null));
      return ragged.toTensor(found as RaggedTensor<bigint>, {defaultValue: 0n, shape});
    }
    if (length === null || !isTensor(found) || found.ndim === 0) return found;
    const cut = (found as Tensor).at('...', slice(0, length));
    const missing = length - cut.dim(-1);
    if (this.ragged || missing === 0) return cut;
    return ops.pad(
      cut,
      cut.shape.map((_, axis) => [0, axis === cut.ndim - 1 ? missing : 0] as const),
    );
  }

  #shapeOf(inputShape: Shape): Shape {
    if (this.outputMode === 'int') {
      return inputShape.length === 0 ? [this.outputSequenceLength] : [inputShape[0] ?? null, this.outputSequenceLength];
    }
    const texts = inputShape.length > 1 && inputShape.at(-1) === 1 ? inputShape.slice(0, -1) : inputShape;
    if (this.split !== null) return this.lookupLayer.outputShape([...texts, null]);
    return this.lookupLayer.outputShape(inputShape);
  }

  override computeOutputShape(inputShape: Shape): never {
    return this.#shapeOf(inputShape) as never;
  }

  override getConfig(): Config {
    const {lookupLayer: lookup} = this;
    return {
      ...super.getConfig(),
      max_tokens: lookup.maxTokens,
      standardize: serializeKerasObject(this.standardize),
      split: serializeKerasObject(this.split),
      ngrams: this.ngrams,
      output_mode: this.outputMode,
      output_sequence_length: this.outputSequenceLength,
      pad_to_max_tokens: lookup.padToMaxTokens,
      sparse: lookup.sparse,
      ragged: this.ragged,
      vocabulary: lookup.inputVocabulary,
      idf_weights: lookup.inputIdfWeights,
      encoding: this.encoding,
      vocabulary_size: lookup.vocabularySize(),
    };
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    checkNoFile(config);
    const read = (value: unknown): unknown =>
      typeof value === 'object' && value !== null ? deserializeKerasObject(value, {customObjects}) : value;
    const {standardize, split, ...rest} = config;
    const functions = {
      ...(standardize === undefined ? {} : {standardize: read(standardize)}),
      ...(split === undefined ? {} : {split: read(split)}),
    };
    return constructFrom(this, this.positional ?? [], {...rest, ...functions}) as T;
  }

  /** @internal */
  getAssets(): Readonly<Record<string, string>> {
    return this.lookupLayer.getAssets();
  }

  /** @internal */
  setAssets(files: Readonly<Record<string, string>>): void {
    this.lookupLayer.setAssets(files);
  }

  /** Writes the vocabulary to `vocabulary.txt` in a directory, a token in each line. */
  saveAssets(directory: string): void {
    this.lookupLayer.saveAssets(directory);
  }

  /** Reads the vocabulary that {@link saveAssets} wrote. */
  loadAssets(directory: string): void {
    this.lookupLayer.loadAssets(directory);
  }

  /** @internal */
  saveOwnVariables(): Readonly<Record<string, Tensor>> {
    return this.lookupLayer.saveOwnVariables();
  }

  /** @internal */
  loadOwnVariables(store: Readonly<Record<string, Tensor>>): void {
    this.lookupLayer.loadOwnVariables(store);
  }
}

function toTexts(data: unknown, where: string): Tensor<string> {
  const texts = convert(data as TensorLike<Element>, undefined, where);
  if (texts.dtype === 'string') return texts as Tensor<string>;
  throw new ValueError(`${where}: texts are needed, got ${texts.dtype} of shape ${show(texts.shape)}`);
}

function checkNgrams(where: string, ngrams: number | readonly number[] | null): number | readonly number[] | null {
  if (ngrams === null) return null;
  const list: readonly unknown[] = [ngrams].flat();
  if (list.length > 0 && list.every((n) => Number.isInteger(n) && Number(n) > 0)) return ngrams;
  throw new ValueError(`${where}: ngrams must be a positive integer or a list of them, got ${describe(ngrams)}`);
}

/** Each row's first `length` elements. */
function shortened(rows: RaggedTensor<Element>, length: number): RaggedTensor<Element> {
  const lists = (rows.array() as readonly (readonly bigint[])[]).map((row) => row.slice(0, length));
  const lengths = lists.map((row) => row.length);
  return ragged.fromRowLengths(tensor(BigInt64Array.from(lists.flat())), lengths);
}
