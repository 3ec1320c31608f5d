import {
  type Config,
  IndexError,
  NotBuiltError,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
  type Variable,
} from '@keratin/core';
import {convert, show} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkCount, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {noteStructureChange} from '../layer/structure.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Default `'uniform'`. */
  embeddingsInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the table. Default: none. */
  embeddingsRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the table may be after a step. Default: anything. */
  embeddingsConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** Whether id 0 is padding, which layers after this one leave out. Default false. */
  maskZero?: boolean | undefined;
  /** The table's first values, alone or in a list: (inputDim, outputDim). Default: those of the initializer. */
  weights?: TensorLike | readonly [TensorLike] | null | undefined;
  /** Trains a product of two matrices of this rank beside a frozen table: see {@link Embedding.enableLora}. Default: none. */
  loraRank?: number | null | undefined;
  /** That product is multiplied by loraAlpha / loraRank. Default: `loraRank`. */
  loraAlpha?: number | null | undefined;
}

/**
 * A row of a table for each integer: ids of shape (batch, ...) below `inputDim` give (batch, ..., outputDim).
 * Weights: embeddings (inputDim, outputDim).
 *
 * @example
 * const y = new layers.Embedding(1000, 64)([[4, 7], [1, 0]]);
 */
export class Embedding extends Layer {
  static override readonly positional = ['inputDim', 'outputDim'];
  readonly inputDim: number;
  readonly outputDim: number;
  readonly embeddingsInitializer: initializers.Initializer;
  readonly embeddingsRegularizer: regularizers.Regularizer | null;
  readonly embeddingsConstraint: constraints.Constraint | null;
  readonly maskZero: boolean;
  declare embeddings: Variable;
  declare loraEmbeddingsA: Variable | null;
  declare loraEmbeddingsB: Variable | null;
  #loraRank: number | null;
  #loraAlpha: number | null;
  readonly #given: TensorLike | null;

  constructor(inputDim: number, outputDim: number, options: EmbeddingOptions = {}, ownOptions: readonly string[] = []) {
    super(options, [
      ...ownOptions,
      'embeddingsInitializer',
      'embeddingsRegularizer',
      'embeddingsConstraint',
      'maskZero',
      'weights',
      'loraRank',
      'loraAlpha',
      'quantizationConfig',
    ]);
    this.inputDim = checkCount('Embedding', 'inputDim', inputDim);
    this.outputDim = checkCount('Embedding', 'outputDim', outputDim);
    this.embeddingsInitializer = initializers.get(options.embeddingsInitializer ?? 'uniform');
    this.embeddingsRegularizer = regularizers.get(options.embeddingsRegularizer);
    this.embeddingsConstraint = constraints.get(options.embeddingsConstraint);
    this.maskZero = checkBoolean('Embedding', 'maskZero', options.maskZero ?? false);
    const {loraRank = null, loraAlpha = null, weights = null} = options;
    this.#loraRank = loraRank === null ? null : checkCount('Embedding', 'loraRank', loraRank);
    this.#loraAlpha = loraAlpha === null ? null : checkNumber('Embedding', 'loraAlpha', loraAlpha);
    this.#given = weights === null ? null : this.tableOf(weights);
    this.loraEmbeddingsA = null;
    this.loraEmbeddingsB = null;
    this.supportsMasking = this.maskZero;
    this.autocast = false;
  }

  // The table, whether it comes alone or in a list of weights.
  private tableOf(weights: unknown): TensorLike {
    const table: unknown = Array.isArray(weights) && weights.length === 1 ? weights[0] : weights;
    const {shape} = convert(table as TensorLike, undefined, 'Embedding weights');
    if (shape.length === 2 && shape[0] === this.inputDim && shape[1] === this.outputDim) return table as TensorLike;
    throw new ShapeError(
      `Embedding: weights must be a table (${String(this.inputDim)},${String(this.outputDim)}), got ${show(shape)}`,
    );
  }

  override build(inputShape: Shape): void {
    this.embeddings = this.addWeight({
      name: 'embeddings',
      shape: [this.inputDim, this.outputDim],
      initializer: this.embeddingsInitializer,
      regularizer: this.embeddingsRegularizer,
      constraint: this.embeddingsConstraint,
    });
    if (this.#given !== null) this.embeddings.assign(ops.cast(this.#given, this.embeddings.dtype));
    super.build(inputShape);
    if (this.#loraRank !== null) this.enableLora(this.#loraRank, {alpha: this.#loraAlpha});
  }

  /**
   * Freezes the table and trains two small matrices beside it: the layer uses embeddings + (alpha / rank) A B
   * (Hu et al., "LoRA", 2021).
   * @throws NotBuiltError where the layer is not built
   */
  enableLora(rank: number, options: {alpha?: number | null | undefined} = {}): void {
    const where = `${this.path}.enableLora`;
    if (!this.built) throw new NotBuiltError(`${where}: the layer has no table yet; call it or use build(inputShape)`);
    if (this.loraEmbeddingsA !== null) throw new ValueError(`${where}: it is enabled already`);
    if (this.embeddingsConstraint !== null)
      throw new ValueError(`${where}: it does not go with an embeddingsConstraint`);
    this.#loraRank = checkCount(where, 'rank', rank);
    this.#loraAlpha = options.alpha ?? rank;
    this.withNewWeights(() => {
      const add = (name: string, shape: readonly number[], initializer: 'he_uniform' | 'zeros'): Variable =>
        this.addWeight({name, shape, initializer, dtype: 'float32', regularizer: this.embeddingsRegularizer});
      this.loraEmbeddingsA = add('lora_embeddings_a', [this.inputDim, rank], 'he_uniform');
      this.loraEmbeddingsB = add('lora_embeddings_b', [rank, this.outputDim], 'zeros');
    });
    this.embeddings.trainable = false;
    noteStructureChange();
  }

  // What is added to the rows of the table.
  private loraRows(ids: Tensor): Tensor | null {
    if (this.loraEmbeddingsA === null || this.loraEmbeddingsB === null) return null;
    const rows = ops.take(this.inComputeDtype(this.loraEmbeddingsA), ids, 0);
    return rows.matmul(this.inComputeDtype(this.loraEmbeddingsB)).mul((this.#loraAlpha ?? 1) / (this.#loraRank ?? 1));
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    const ids = x.dtype === 'int32' || (x.dtype as string) === 'int64' ? x : ops.cast(x, 'int32');
    try {
      const rows = ops.take(this.inComputeDtype(this.embeddings), ids, 0);
      const more = this.loraRows(ids);
      return more === null ? rows : rows.add(more);
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      const what = error.message.replace(/^take: /, '');
      throw new IndexError(`${this.path}: ids must be below inputDim ${String(this.inputDim)}; ${what}`);
    }
  }

  override computeMask(inputs: Tensor, _previousMask: Masks): Masks {
    return this.maskZero ? ops.notEqual(inputs, 0) : null;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return [...inputShape, this.outputDim];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      input_dim: this.inputDim,
      output_dim: this.outputDim,
      embeddings_initializer: initializers.serialize(this.embeddingsInitializer),
      embeddings_regularizer: regularizers.serialize(this.embeddingsRegularizer),
      activity_regularizer: regularizers.serialize(this.activityRegularizer),
      embeddings_constraint: constraints.serialize(this.embeddingsConstraint),
      mask_zero: this.maskZero,
      quantization_config: null,
      ...(this.#loraRank === null ? {} : {lora_rank: this.#loraRank, lora_alpha: this.#loraAlpha ?? this.#loraRank}),
    };
  }
}
