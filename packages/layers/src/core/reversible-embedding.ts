import {type Config, type DType, ops, type Shape, type Tensor, type Variable} from '@keratin/core';
import {checkDType, withMask} from '@keratin/core/internal';
import {checkBoolean, checkNumber} from '../layer/arguments.js';
import {type CallOptions, type Masks} from '../layer/types.js';
import {Embedding, type EmbeddingOptions} from './embedding.js';

/** Options of {@link ReversibleEmbedding}. */
export interface ReversibleEmbeddingOptions extends EmbeddingOptions {
  /** Whether the table is used in both directions; otherwise the way back has its own. Default true. */
  tieWeights?: boolean | undefined;
  /** In which dtype the way back is computed. Default: the compute dtype. */
  reverseDtype?: DType | null | undefined;
  /** Logits z become cap * tanh(z / cap). Default: they stay as they are. */
  logitSoftCap?: number | null | undefined;
}

/** Options of the call of {@link ReversibleEmbedding}. */
export interface ReversibleEmbeddingCallOptions extends CallOptions {
  /** Whether vectors (batch, ..., outputDim) are turned to logits (batch, ..., inputDim). Default false. */
  reverse?: boolean | undefined;
}

/**
 * An embedding that also goes back: with `{reverse: true}` vectors become logits over the ids, as language models need it.
 * Weights: embeddings (inputDim, outputDim), and reverse_embeddings (outputDim, inputDim) where they are not tied.
 */
export class ReversibleEmbedding extends Embedding {
  static override readonly callOptions = ['reverse'];
  readonly tieWeights: boolean;
  readonly reverseDtype: DType | null;
  readonly logitSoftCap: number | null;
  declare reverseEmbeddings: Variable;

  constructor(inputDim: number, outputDim: number, options: ReversibleEmbeddingOptions = {}) {
    super(inputDim, outputDim, options, ['tieWeights', 'reverseDtype', 'logitSoftCap']);
    const where = 'ReversibleEmbedding';
    this.tieWeights = checkBoolean(where, 'tieWeights', options.tieWeights ?? true);
    this.reverseDtype = (options.reverseDtype ?? null) === null ? null : checkDType(where, options.reverseDtype);
    const {logitSoftCap: cap = null} = options;
    this.logitSoftCap = cap === null ? null : checkNumber(where, 'logitSoftCap', cap, 0, Infinity);
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    if (this.tieWeights) return;
    this.withNewWeights(() => {
      this.reverseEmbeddings = this.addWeight({
        name: 'reverse_embeddings',
        shape: [this.outputDim, this.inputDim],
        initializer: this.embeddingsInitializer,
      });
    });
  }

  override call(x: Tensor, options: ReversibleEmbeddingCallOptions): Tensor {
    if (options.reverse !== true) {
      const mask = super.computeMask(x, null);
      const y = super.call(x, options);
      return mask === null ? y : withMask(y, mask as Tensor<boolean>);
    }
    const kernel = this.tieWeights ? this.embeddings.transpose() : this.reverseEmbeddings;
    const dtype = this.reverseDtype ?? this.computeDtype;
    const logits = ops.matmul(ops.cast(x, dtype), ops.cast(kernel, dtype));
    const cap = this.logitSoftCap;
    return cap === null ? logits : ops.tanh(logits.div(cap)).mul(cap);
  }

  // `call` puts the mask on, in the direction that has one.
  override computeMask(_inputs: Tensor, _previousMask: Masks): Masks {
    return null;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      tie_weights: this.tieWeights,
      reverse_dtype: this.reverseDtype,
      logit_soft_cap: this.logitSoftCap,
    };
  }
}
