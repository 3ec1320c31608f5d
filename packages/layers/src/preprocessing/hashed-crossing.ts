import {
  type Config,
  type DType,
  DtypeError,
  type Element,
  type Shape,
  ShapeError,
  tensor,
  type Tensor,
} from '@keratin/core';
import {concrete, crossedBuckets, isInteger, isSymbolic, sameShape, show, symbolicTensor} from '@keratin/core/internal';
import {checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {encode, encodedShape, modeOption, sparseOption, sparseOr} from './encoding.js';

/** Options of {@link HashedCrossing}. */
export interface HashedCrossingOptions extends LayerOptions {
  /** The bin as int64 (`'int'`, the default), or a vector for each row. */
  outputMode?: 'int' | 'one_hot' | undefined;
  /** Whether vectors are SparseTensors. Default false. */
  sparse?: boolean | undefined;
}

/**
 * Two or more features as one: each combination of their values goes to one of `numBins` bins by a hash. Inputs are a list of strings or
 * integers of shape (), (batch) or (batch, 1).
 *
 * @typeParam O what comes out: `SparseTensor` where `sparse` is asked for
 * @example
 * new layers.HashedCrossing(5)([tensor(['A', 'B']), tensor([101, 102], 'int32')]);
 */
export class HashedCrossing<O = Tensor> extends Layer<readonly Tensor<Element>[], O> {
  static override readonly positional = ['numBins'];
  readonly numBins: number;
  readonly outputMode: 'int' | 'one_hot';
  readonly sparse: boolean;

  /** @param numBins how many bins there are */
  constructor(numBins: number, options: HashedCrossingOptions = {}) {
    const where = 'HashedCrossing';
    const mode = modeOption(where, options.outputMode ?? 'int', ['int', 'one_hot']);
    super({...options, dtype: options.dtype ?? (mode === 'int' ? 'int64' : undefined)}, ['outputMode', 'sparse']);
    this.numBins = checkCount(where, 'numBins', numBins);
    this.outputMode = mode;
    this.sparse = sparseOption(where, options.sparse, mode);
    this.autocast = false;
  }

  override call(inputs: readonly Tensor<Element>[]): O {
    const {outputMode: mode, numBins: depth} = this;
    const dtype: DType = this.computeDtype;
    const first = this.#checkInputs(inputs);
    if (inputs.some(isSymbolic)) return symbolicTensor({shape: this.#shapeOf(first.shape), dtype}) as O;
    const columns = inputs.map((x) => {
      const flat = x.reshape([-1]).array() as readonly Element[];
      return x.dtype === 'string' ? (flat as readonly string[]) : flat.map((value) => BigInt(value as number));
    });
    const bins = tensor(BigInt64Array.from(crossedBuckets(columns, depth)), {shape: concrete(first.shape)});
    return sparseOr(encode(bins, {mode, depth, dtype}), this.sparse) as O;
  }

  #checkInputs(inputs: readonly Tensor<Element>[]): Tensor<Element> {
    const list: readonly Tensor<Element>[] = Array.isArray(inputs) ? inputs : [];
    const shapes = list.map(({shape}) => shape);
    const [first] = list;
    const isColumn = (shape: Shape) => shape.length < 2 || (shape.length === 2 && shape[1] === 1);
    if (first === undefined || list.length < 2) {
      throw new ShapeError(
        `${this.path}: expects a list of two or more inputs, got ${shapes.map(show).join(', ') || 'one'}`,
      );
    }
    if (!shapes.every((shape) => isColumn(shape) && sameShape(shape, first.shape))) {
      throw new ShapeError(
        `${this.path}: inputs must have one shape, (), (batch,) or (batch,1), got ${shapes.map(show).join(', ')}`,
      );
    }
    const odd = list.find(({dtype}) => dtype !== 'string' && !isInteger(dtype));
    if (odd !== undefined) {
      throw new DtypeError(`${this.path}: inputs must be strings or integers, got ${odd.dtype}`);
    }
    return first;
  }

  #shapeOf(shape: Shape): Shape {
    return encodedShape(shape, this.outputMode, this.numBins);
  }

  override computeOutputShape(inputShape: readonly Shape[]): never {
    return this.#shapeOf(inputShape[0] ?? []) as never;
  }

  override getConfig(): Config {
    return {
      num_bins: this.numBins,
      output_mode: this.outputMode,
      sparse: this.sparse,
      name: this.name,
      dtype: this.dtypePolicy.name,
    };
  }
}
