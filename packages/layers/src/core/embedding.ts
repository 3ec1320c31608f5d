import {type Config, IndexError, ops, type Shape, type Tensor, type Variable} from '@keratin/core';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
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

  constructor(inputDim: number, outputDim: number, options: EmbeddingOptions = {}, ownOptions: readonly string[] = []) {
    super(options, [
      ...ownOptions,
      'embeddingsInitializer',
      'embeddingsRegularizer',
      'embeddingsConstraint',
      'maskZero',
      'quantizationConfig',
    ]);
    this.inputDim = checkCount('Embedding', 'inputDim', inputDim);
    this.outputDim = checkCount('Embedding', 'outputDim', outputDim);
    this.embeddingsInitializer = initializers.get(options.embeddingsInitializer ?? 'uniform');
    this.embeddingsRegularizer = regularizers.get(options.embeddingsRegularizer);
    this.embeddingsConstraint = constraints.get(options.embeddingsConstraint);
    this.maskZero = checkBoolean('Embedding', 'maskZero', options.maskZero ?? false);
    this.supportsMasking = this.maskZero;
    this.autocast = false;
  }

  override build(inputShape: Shape): void {
    this.embeddings = this.addWeight({
      name: 'embeddings',
      shape: [this.inputDim, this.outputDim],
      initializer: this.embeddingsInitializer,
      regularizer: this.embeddingsRegularizer,
      constraint: this.embeddingsConstraint,
    });
    super.build(inputShape);
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    const ids = x.dtype === 'int32' || (x.dtype as string) === 'int64' ? x : ops.cast(x, 'int32');
    try {
      return ops.take(this.inComputeDtype(this.embeddings), ids, 0);
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
    };
  }
}
