import {
  type Config,
  type DType,
  isTensor,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {convert, isSymbolic, sameShape, show, symbolicTensor} from '@keratin/core/internal';
import {checkBoolean, checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {encode, encodedShape, modeOption, sparseOr} from './encoding.js';

/** Options of {@link CategoryEncoding}. */
export interface CategoryEncodingOptions extends LayerOptions {
  /** A vector for each id (`one_hot`), or the ids of a sample marked (`multi_hot`, the default) or counted (`count`). */
  outputMode?: 'one_hot' | 'multi_hot' | 'count' | 'binary' | undefined;
  /** Whether outputs are SparseTensors. Default false. */
  sparse?: boolean | undefined;
}

/** What a call of {@link CategoryEncoding} takes. */
export interface CategoryEncodingCallOptions extends CallOptions {
  /** Of `count`: what each id counts, of the inputs' shape. */
  countWeights?: TensorLike | undefined;
}

/**
 * Ids of categories as vectors of numbers. Ids outside of 0 to `numTokens - 1` count nowhere. Outputs have the layer's dtype.
 *
 * @typeParam O what comes out: `SparseTensor` where `sparse` is asked for
 * @example
 * new layers.CategoryEncoding(4)([[0, 1], [2, 2]]).array(); // [[1, 1, 0, 0], [0, 0, 1, 0]]
 */
export class CategoryEncoding<O = Tensor> extends Layer<Tensor, O> {
  static override readonly positional = ['numTokens'];
  static override readonly callOptions = ['countWeights'];
  readonly numTokens: number;
  readonly outputMode: 'one_hot' | 'multi_hot' | 'count';
  readonly sparse: boolean;

  /** @param numTokens how many categories there are: ids are from 0 to numTokens - 1 */
  constructor(numTokens: number, options: CategoryEncodingOptions = {}) {
    super(options, ['outputMode', 'sparse']);
    const where = 'CategoryEncoding';
    this.numTokens = checkCount(where, 'numTokens', numTokens);
    this.outputMode = modeOption(where, options.outputMode ?? 'multi_hot', ['one_hot', 'multi_hot', 'count']);
    this.sparse = checkBoolean(where, 'sparse', options.sparse ?? false);
  }

  override call(inputs: Tensor, {countWeights}: CategoryEncodingCallOptions): O {
    const dtype = this.computeDtype;
    const weights = countWeights === undefined ? null : this.#weights(countWeights, inputs.shape, dtype);
    if (isSymbolic(inputs)) return symbolicTensor({shape: this.#shapeOf(inputs.shape), dtype}) as O;
    return sparseOr(encode(inputs, {mode: this.outputMode, depth: this.numTokens, dtype, weights}), this.sparse) as O;
  }

  #weights(given: TensorLike, shape: Shape, dtype: DType): Tensor {
    if (this.outputMode !== 'count') {
      throw new ValueError(`${this.path}: countWeights go with outputMode "count", got "${this.outputMode}"`);
    }
    const weights = isTensor(given) ? given : convert(given, undefined, this.path);
    if (!sameShape(weights.shape, shape)) {
      throw new ShapeError(
        `${this.path}: countWeights must have the shape of the inputs, got ${show(weights.shape)} and inputs ${show(shape)}`,
      );
    }
    return weights.dtype === dtype ? weights : ops.cast(weights, dtype);
  }

  #shapeOf(inputShape: Shape): Shape {
    return encodedShape(inputShape, this.outputMode, this.numTokens);
  }

  override computeOutputShape(inputShape: Shape): never {
    return this.#shapeOf(inputShape) as never;
  }

  override getConfig(): Config {
    const sparse = this.sparse ? {sparse: true} : {};
    return {...super.getConfig(), num_tokens: this.numTokens, output_mode: this.outputMode, ...sparse};
  }
}
