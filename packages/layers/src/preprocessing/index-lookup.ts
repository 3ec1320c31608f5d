import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  type Config,
  config,
  type DType,
  DtypeError,
  type Element,
  isTensor,
  NotBuiltError,
  ragged,
  RaggedTensor,
  type Shape,
  slice,
  type SparseTensor,
  tensor,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {concrete, constructFrom, convert, describe, isSymbolic, show, symbolicTensor} from '@keratin/core/internal';
import {checkBoolean, checkChoice, checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type Adapted, type AdaptOptions, visitBatches} from './batches.js';
import {encode, encodedShape, modeOption, sparseOption, sparseOr} from './encoding.js';
import {saltOption} from './hashing.js';
import {
  type IndexLookupOptions,
  LOOKUP_MODES,
  LOOKUP_OPTIONS,
  type LookupMode,
  type TokenKind,
} from './lookup-options.js';
import {checkNoFile, linesOf, numbersOf, readLines} from './vocabulary-files.js';
import {repeated, showTokens, type Token, TokenCounts} from './vocabulary.js';

/** Base of the layers that look values up in a vocabulary. */
export abstract class IndexLookup<T extends Token, I = Tensor<Element>, O = unknown> extends Layer<I, O> {
  readonly maxTokens: number | null;
  readonly numOovIndices: number;
  readonly maskToken: T | null;
  readonly oovToken: T | null;
  readonly invert: boolean;
  readonly outputMode: LookupMode;
  readonly padToMaxTokens: boolean;
  readonly sparse: boolean;
  readonly oovMethod: 'floormod' | 'farmhash';
  readonly salt: readonly [number, number] | null;
  /** The vocabulary that the layer was made with. */
  readonly inputVocabulary: readonly T[] | null;
  readonly inputIdfWeights: readonly number[] | null;
  /** With `tf_idf`: the weight of each index. */
  idfWeights: Tensor | null = null;
  protected readonly kind: TokenKind<T>;
  #tokens: readonly T[] = [];
  #indices: ReadonlyMap<T, number> = new Map();
  #size: number | null;
  #called = false;
  #counts = new TokenCounts<T>();

  constructor(kind: TokenKind<T>, options: IndexLookupOptions<T>, ownOptions: readonly string[] = []) {
    super(options, [...LOOKUP_OPTIONS, ...ownOptions]);
    const where = new.target.name;
    this.kind = kind;
    const token = (name: string, value: T | null): T | null =>
      value === null ? null : (kind.tokens([value], `${where} ${name}`)[0] ?? null);
    const {maxTokens = null, numOovIndices = 1, vocabulary = null, idfWeights = null} = options;
    this.maxTokens = maxTokens === null ? null : checkCount(where, 'maxTokens', maxTokens);
    if (this.maxTokens === 1) throw new ValueError(`${where}: maxTokens must be above 1, got 1`);
    if (!(Number.isInteger(numOovIndices) && numOovIndices >= 0)) {
      throw new ValueError(`${where}: numOovIndices must be a non-negative integer, got ${describe(numOovIndices)}`);
    }
    this.numOovIndices = numOovIndices;
    this.maskToken = token('maskToken', options.maskToken ?? null);
    this.oovToken = token('oovToken', options.oovToken === undefined ? kind.oovToken : options.oovToken);
    this.outputMode = modeOption(where, options.outputMode ?? 'int', LOOKUP_MODES);
    this.invert = checkBoolean(where, 'invert', options.invert ?? false);
    if (this.invert && this.outputMode !== 'int') {
      throw new ValueError(`${where}: invert goes with outputMode "int", got "${this.outputMode}"`);
    }
    this.padToMaxTokens = checkBoolean(where, 'padToMaxTokens', options.padToMaxTokens ?? false);
    if (this.padToMaxTokens && this.maxTokens === null) {
      throw new ValueError(`${where}: padToMaxTokens needs maxTokens`);
    }
    this.sparse = sparseOption(where, options.sparse, this.outputMode);
    this.oovMethod = checkChoice(where, 'oovMethod', options.oovMethod ?? 'floormod', ['floormod', 'farmhash']);
    this.salt = saltOption(where, options.salt);
    if (this.salt !== null && kind.dtype === 'int64' && this.oovMethod !== 'farmhash') {
      throw new ValueError(`${where}: salt goes with oovMethod "farmhash", got "${this.oovMethod}"`);
    }
    if (idfWeights !== null && this.outputMode !== 'tf_idf') {
      throw new ValueError(`${where}: idfWeights go with outputMode "tf_idf", got "${this.outputMode}"`);
    }
    this.autocast = false;
    this.#size = options.vocabularySize ?? null;
    const isFile = typeof vocabulary === 'string';
    this.inputVocabulary = vocabulary === null || isFile ? null : this.#toTokens(vocabulary, where);
    this.inputIdfWeights = idfWeights === null ? null : numbersOf(idfWeights);
    if (vocabulary !== null) this.setVocabulary(vocabulary, this.inputIdfWeights);
  }

  #toTokens(values: readonly T[] | Tensor<Element>, where: string): T[] {
    const list: unknown = isTensor(values) ? values.reshape([-1]).array() : values;
    if (!Array.isArray(list)) throw new ValueError(`${where}: a vocabulary is a list, got ${describe(values)}`);
    return this.kind.tokens(list, where);
  }

  #oovStart(): number {
    return this.maskToken !== null && this.outputMode === 'int' ? 1 : 0;
  }

  #tokenStart(): number {
    return this.#oovStart() + this.numOovIndices;
  }

  /** How many indices there are: tokens, and those for masks and unknown values. */
  vocabularySize(): number {
    return this.#tokens.length + this.#tokenStart();
  }

  /**
   * The tokens in the order of their indices.
   * @param includeSpecialTokens whether the tokens for masks and unknown values stand in front; default true
   */
  getVocabulary(includeSpecialTokens = true): (T | null)[] {
    return includeSpecialTokens ? [...this.#special(), ...this.#tokens] : [...this.#tokens];
  }

  #special(): (T | null)[] {
    const masks = new Array<T | null>(this.#oovStart()).fill(this.maskToken);
    return [...masks, ...new Array<T | null>(this.numOovIndices).fill(this.oovToken)];
  }

  /**
   * Sets the tokens, most frequent first. Those for masks and unknown values may stand in front or be left out.
   * @param vocabulary tokens, or the path of a file with a token in each line
   * @param idfWeights with `tf_idf`: a weight for each of them
   */
  setVocabulary(
    vocabulary: readonly T[] | Tensor<Element> | string,
    idfWeights: readonly number[] | Tensor | null = null,
  ): void {
    const where = `${this.path}.setVocabulary`;
    if ((this.outputMode === 'tf_idf') !== (idfWeights !== null)) {
      throw new ValueError(
        `${where}: idfWeights and outputMode "tf_idf" go together, got idfWeights ${describe(idfWeights)} and outputMode "${this.outputMode}"`,
      );
    }
    const list = this.#toTokens(
      typeof vocabulary === 'string' ? (readLines(where, vocabulary) as T[]) : vocabulary,
      where,
    );
    if (list.length === 0) throw new ValueError(`${where}: the vocabulary is empty`);
    const special = this.#special();
    const hasSpecial = special.length > 0 && special.every((token, i) => token === list[i]);
    const tokens = hasSpecial ? list.slice(special.length) : list;
    const twice = repeated(tokens);
    if (twice.length > 0) throw new ValueError(`${where}: tokens must differ, ${showTokens(twice)} is there twice`);
    const reserved = [this.maskToken, this.invert ? this.oovToken : null].find(
      (token) => token !== null && tokens.includes(token),
    );
    if (reserved !== undefined && reserved !== null) {
      throw new ValueError(
        `${where}: ${showTokens([reserved])} is the token for masks or unknown values, which stand in front or nowhere, got it at ${String(list.lastIndexOf(reserved))}`,
      );
    }
    const size = tokens.length + this.#tokenStart();
    if (this.maxTokens !== null && size > this.maxTokens) {
      throw new ValueError(
        `${where}: the vocabulary has ${String(size)} tokens with those for masks and unknown values, more than maxTokens ${String(this.maxTokens)}`,
      );
    }
    const weights =
      idfWeights === null ? null : this.#paddedWeights(where, numbersOf(idfWeights), list.length, hasSpecial);
    this.#setTokens(tokens, where);
    if (weights !== null) this.idfWeights = weights;
  }

  /** Weights of all indices: unknown values have the mean. */
  #paddedWeights(where: string, given: readonly number[], count: number, hasSpecial: boolean): Tensor {
    if (given.length !== count) {
      throw new ValueError(
        `${where}: idfWeights must have a number for each of ${String(count)} tokens, got ${String(given.length)}`,
      );
    }
    const mean = given.reduce((sum, weight) => sum + weight, 0) / given.length;
    const front = hasSpecial ? [] : new Array<number>(this.#tokenStart()).fill(mean);
    return this.#weightTensor([...front, ...given]);
  }

  #weightTensor(weights: readonly number[]): Tensor {
    const size = this.padToMaxTokens ? (this.maxTokens ?? weights.length) : weights.length;
    const padding = new Array<number>(Math.max(size - weights.length, 0)).fill(0);
    return tensor([...weights, ...padding], config.floatx());
  }

  #setTokens(tokens: readonly T[], where: string): void {
    const size = tokens.length + this.#tokenStart();
    const isFixed = this.outputMode !== 'int' && !this.padToMaxTokens && this.#called;
    if (isFixed && this.#size !== null && this.#size !== size) {
      throw new ValueError(
        `${where}: vectors of ${String(this.#size)} numbers were made already, so the vocabulary cannot have ${String(size)} tokens; see padToMaxTokens`,
      );
    }
    this.#tokens = tokens;
    this.#indices = new Map(tokens.map((token, i) => [token, i + this.#tokenStart()]));
    this.#size = size;
  }

  /**
   * Makes the vocabulary of data: tokens by falling frequency, those that occur equally often in falling order. What an earlier `adapt`
   * found is forgotten. A Promise where the data are asynchronous.
   */
  adapt<D>(data: D, options: AdaptOptions = {}): Adapted<D> {
    const where = `${this.path}.adapt`;
    this.resetState();
    return visitBatches(where, data, options, {
      whole: (all) => {
        this.updateState(all, true);
      },
      batch: (batch) => {
        this.updateState(batch);
      },
      done: () => {
        this.finalizeState();
      },
    });
  }

  /** Counts the tokens of a batch; `finalizeState` makes the vocabulary. A list is one document, or with `eachApart` each element is. */
  updateState(data: unknown, eachApart = false): void {
    const where = `${this.path}.adapt`;
    if (this.inputVocabulary !== null) {
      throw new ValueError(`${where}: the layer was made with its vocabulary`);
    }
    this.#counts.add(this.#documentsOf(this.#toRows(data, where), eachApart, where));
  }

  #toRows(data: unknown, where: string): Tensor<Element> | RaggedTensor<Element> {
    return data instanceof RaggedTensor || isTensor(data)
      ? data
      : convert(data as TensorLike<Element>, undefined, where);
  }

  #documentsOf(rows: Tensor<Element> | RaggedTensor<Element>, eachApart: boolean, where: string): T[][] {
    if (rows instanceof RaggedTensor) {
      return (rows.array() as readonly unknown[]).map((row) => this.kind.tokens([row].flat(Infinity), where));
    }
    const shape = concrete(rows.shape);
    const tokens = this.kind.tokens(rows.reshape([-1]).array() as readonly Element[], where);
    const length = shape.length > 1 ? tokens.length / Math.max(shape[0] ?? 1, 1) : eachApart ? 1 : tokens.length;
    const count = length === 0 ? 0 : tokens.length / length;
    return Array.from({length: count}, (_, i) => tokens.slice(i * length, (i + 1) * length));
  }

  /** Makes the vocabulary of what was counted. */
  finalizeState(): void {
    const {counts} = this.#counts;
    if (this.inputVocabulary !== null || counts.size === 0) return;
    for (const token of [this.maskToken, this.oovToken]) if (token !== null) counts.delete(token);
    const all = this.#counts.sorted();
    const tokens = this.maxTokens === null ? all : all.slice(0, Math.max(this.maxTokens - this.#tokenStart(), 0));
    this.#setTokens(tokens, `${this.path}.adapt`);
    if (this.outputMode === 'tf_idf') {
      const weights = tokens.map((token) => this.#counts.idf(token));
      const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
      this.idfWeights = this.#weightTensor([...new Array<number>(this.#tokenStart()).fill(mean), ...weights]);
    }
    this.resetState();
  }

  /** Forgets what was counted. */
  resetState(): void {
    this.#counts = new TokenCounts();
  }

  override build(_inputShape: unknown): void {
    this.built = true;
  }

  override call(inputs: I): O {
    return this.lookUp(inputs as Tensor<Element>) as O;
  }

  /** @internal Looks up a tensor or a ragged tensor. */
  lookUp(inputs: Tensor<Element> | RaggedTensor<Element>): Tensor<Element> | RaggedTensor<Element> | SparseTensor {
    const mode = this.outputMode;
    this.#checkKnown();
    if (mode !== 'int') this.#called = true;
    const dtype: DType = this.invert ? this.kind.dtype : mode === 'tf_idf' ? config.floatx() : 'int64';
    if (isTensor(inputs) && isSymbolic(inputs)) return symbolicTensor({shape: this.outputShape(inputs.shape), dtype});
    if (this.#tokens.length === 0) {
      throw new NotBuiltError(`${this.path}: there is no vocabulary; call adapt, or give vocabulary`);
    }
    if (mode === 'int' || (mode === 'one_hot' && inputs instanceof RaggedTensor)) {
      const each = (x: Tensor<Element>): Tensor<Element> =>
        mode === 'int'
          ? this.#lookUpEach(x)
          : encode(this.#lookUpEach(x).reshape([-1, 1]), {mode, depth: this.#depth(), dtype});
      if (!(inputs instanceof RaggedTensor)) return each(inputs);
      return ragged.mapFlatValues((values: Tensor) => each(values) as Tensor, inputs as RaggedTensor);
    }
    const indices = inputs instanceof RaggedTensor ? this.#padded(inputs) : this.#lookUpEach(inputs);
    const counted = encode(indices, {mode: mode === 'tf_idf' ? 'count' : mode, depth: this.#depth(), dtype});
    const weighted = mode === 'tf_idf' ? counted.mul(this.#weights()) : counted;
    return sparseOr(weighted, this.sparse);
  }

  // Rows of several lengths as a matrix, filled up with indices that count nowhere.
  #padded(rows: RaggedTensor<Element>): Tensor<Element> {
    const found = ragged.mapFlatValues((values: Tensor) => this.#lookUpEach(values) as Tensor, rows as RaggedTensor);
    return ragged.toTensor(found as RaggedTensor<Element> as RaggedTensor<bigint>, {defaultValue: -1n});
  }

  #weights(): Tensor {
    if (this.idfWeights === null)
      throw new NotBuiltError(`${this.path}: the weights of tf_idf are not known; call adapt`);
    return this.idfWeights;
  }

  #checkKnown(): void {
    if (this.outputMode === 'int' || this.padToMaxTokens || this.#size !== null) return;
    throw new NotBuiltError(
      `${this.path}: with outputMode "${this.outputMode}" the size of the vocabulary must be known; call adapt, give vocabulary, or set padToMaxTokens`,
    );
  }

  #depth(): number {
    return this.padToMaxTokens ? (this.maxTokens ?? 0) : (this.#size ?? 0);
  }

  #lookUpEach(inputs: Tensor<Element>): Tensor<Element> {
    const shape = concrete(inputs.shape);
    const values = inputs.reshape([-1]).array() as readonly Element[];
    if (this.invert) return this.kind.tensor(this.#tokensOf(values, inputs.dtype), shape);
    const isText = this.kind.dtype === 'string';
    if (isText !== (inputs.dtype === 'string')) {
      throw new DtypeError(
        `${this.path}: ${isText ? 'strings' : 'integers'} are looked up, got inputs of ${inputs.dtype} ${show(inputs.shape)}`,
      );
    }
    const tokens = this.kind.tokens(values, this.path);
    const unknown: number[] = [];
    const indices = tokens.map((token, i) => {
      if (token === this.maskToken) return this.outputMode === 'int' ? 0 : -1;
      const index = this.#indices.get(token);
      if (index === undefined) unknown.push(i);
      return index ?? this.#oovStart();
    });
    const strange = unknown.flatMap((i) => tokens[i] ?? []);
    if (strange.length > 0 && this.numOovIndices === 0) {
      throw new ValueError(
        `${this.path}: with numOovIndices 0 all inputs must be in the vocabulary, got ${showTokens([...new Set(strange)])}`,
      );
    }
    if (strange.length > 0 && this.numOovIndices > 1) {
      const buckets = this.kind.buckets(strange, this.numOovIndices, this);
      unknown.forEach((i, k) => {
        indices[i] = this.#oovStart() + (buckets[k] ?? 0);
      });
    }
    return tensor(BigInt64Array.from(indices, BigInt), {shape});
  }

  #tokensOf(values: readonly Element[], dtype: DType): T[] {
    const oov = this.oovToken ?? this.kind.oovToken;
    return values.map((value) => {
      const index = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
      if (!Number.isInteger(index)) {
        throw new DtypeError(`${this.path}: with invert indices are looked up, got inputs of ${dtype}`);
      }
      if (index === 0 && this.maskToken !== null) return this.maskToken;
      return this.#tokens[index - this.#tokenStart()] ?? oov;
    });
  }

  /** @internal The shape of the output. */
  outputShape(shape: Shape): Shape {
    if (this.outputMode === 'int') return shape;
    return encodedShape(shape, this.outputMode === 'tf_idf' ? 'count' : this.outputMode, this.#depth());
  }

  override computeOutputShape(inputShape: unknown): never {
    return this.outputShape(inputShape as Shape) as never;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      invert: this.invert,
      max_tokens: this.maxTokens,
      num_oov_indices: this.numOovIndices,
      oov_token: this.oovToken,
      mask_token: this.maskToken,
      output_mode: this.outputMode,
      sparse: this.sparse,
      pad_to_max_tokens: this.padToMaxTokens,
      vocabulary_dtype: this.kind.dtype,
      idf_weights: this.inputIdfWeights,
      vocabulary: this.inputVocabulary,
      vocabulary_size: this.#size,
      oov_method: this.oovMethod,
      salt: this.salt,
    };
  }

  /** A config never names a file: a model from elsewhere could read any. */
  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
  ): T {
    checkNoFile(config);
    return constructFrom(this, this.positional ?? [], config) as T;
  }

  /** @internal */
  override getBuildConfig(): Config {
    return {};
  }

  /** @internal */
  override buildFromConfig(): void {
    this.built = true;
  }

  /** @internal What model files hold beside weights: names of files with their text. None where the config has the vocabulary. */
  getAssets(): Readonly<Record<string, string>> {
    if (this.inputVocabulary !== null || this.#tokens.length === 0) return {};
    return {'vocabulary.txt': this.getVocabulary().map(String).join('\n')};
  }

  /** @internal Sets what {@link getAssets} gave; the weights of tf_idf come before, by {@link loadOwnVariables}. */
  setAssets(files: Readonly<Record<string, string>>): void {
    const text = files['vocabulary.txt'];
    if (this.inputVocabulary !== null || text === undefined) return;
    const values: unknown[] = linesOf(text);
    const tokens = this.kind.dtype === 'string' ? values : values.map((line) => BigInt(line as string));
    const weights = this.outputMode === 'tf_idf' ? this.#weights() : null;
    this.setVocabulary(
      this.kind.tokens(tokens, this.path),
      weights === null ? null : weights.at(slice(0, tokens.length)),
    );
  }

  /** Writes the vocabulary to `vocabulary.txt` in a directory, a token in each line. */
  saveAssets(directory: string): void {
    mkdirSync(directory, {recursive: true});
    for (const [name, text] of Object.entries(this.getAssets())) writeFileSync(join(directory, name), text);
  }

  /** Reads the vocabulary that {@link saveAssets} wrote. */
  loadAssets(directory: string): void {
    if (this.inputVocabulary !== null) return;
    this.setAssets({'vocabulary.txt': readFileSync(join(directory, 'vocabulary.txt'), 'utf8')});
  }

  /** @internal What files of weights hold of the layer. */
  saveOwnVariables(): Readonly<Record<string, Tensor>> {
    return this.idfWeights === null ? {} : {idf_weights: this.idfWeights};
  }

  /** @internal */
  loadOwnVariables(store: Readonly<Record<string, Tensor>>): void {
    const weights = store['idf_weights'];
    if (this.outputMode === 'tf_idf' && weights !== undefined) this.idfWeights = weights;
  }
}
