import {
  type Config,
  NotBuiltError,
  ops,
  type Shape,
  tensor,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {constructFrom, convert, describe, isSymbolic, symbolicTensor} from '@keratin/core/internal';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {type Adapted, type AdaptOptions, visitBatches} from './batches.js';
import {encode, encodedShape, type EncodingMode, modeOption, sparseOption, sparseOr} from './encoding.js';
import {binBoundaries, EMPTY, mergeSummaries, summarize} from './quantiles.js';

/** Options of {@link Discretization}. */
export interface DiscretizationOptions extends LayerOptions {
  /** Edges between the bins, ascending: n edges make n + 1 bins. Instead of `numBins`. */
  binBoundaries?: readonly number[] | null | undefined;
  /** How many bins `adapt` finds edges for. */
  numBins?: number | null | undefined;
  /** How exactly `adapt` finds quantiles; smaller is more exact and slower. Default 0.01. */
  epsilon?: number | undefined;
  /** The bin as int32 (`'int'`, the default), or vectors: one for each element, or the bins of a sample marked or counted. */
  outputMode?: EncodingMode | undefined;
  /** Whether vectors are SparseTensors. Default false. */
  sparse?: boolean | undefined;
}

/**
 * In which of the bins between edges each number is. The edges are given, or found by `adapt` so that each bin holds about equally many
 * elements of some data.
 *
 * @typeParam O what comes out: `SparseTensor` where `sparse` is asked for
 * @example
 * new layers.Discretization({binBoundaries: [0, 1, 2]})([[-1.5, 0.2, 3.4]]).array(); // [[0, 1, 3]]
 */
export class Discretization<O = Tensor> extends Layer<Tensor, O> {
  /** Edges between the bins; null before `adapt`. */
  binBoundaries: readonly number[] | null;
  readonly numBins: number | null;
  readonly epsilon: number;
  readonly outputMode: EncodingMode;
  readonly sparse: boolean;

  constructor(options: DiscretizationOptions = {}) {
    super(options, ['binBoundaries', 'numBins', 'epsilon', 'outputMode', 'sparse']);
    const where = 'Discretization';
    const {binBoundaries = null, numBins = null} = options;
    if ((binBoundaries === null) === (numBins === null)) {
      throw new ValueError(
        `${where}: either binBoundaries or numBins must be given, got ${describe(binBoundaries)} and ${describe(numBins)}`,
      );
    }
    if (numBins !== null && !(Number.isInteger(numBins) && numBins >= 0)) {
      throw new ValueError(`${where}: numBins must be a non-negative integer, got ${describe(numBins)}`);
    }
    this.binBoundaries = binBoundaries === null ? null : checkBoundaries(where, binBoundaries);
    this.numBins = numBins;
    this.epsilon = checkNumber(where, 'epsilon', options.epsilon ?? 0.01, 0, 1);
    this.outputMode = modeOption(where, options.outputMode ?? 'int', ['int', 'one_hot', 'multi_hot', 'count']);
    this.sparse = sparseOption(where, options.sparse, this.outputMode);
  }

  /** Finds edges for `numBins` bins in data: all at once or in batches. What an earlier `adapt` found is forgotten. */
  adapt<T>(data: T, options: AdaptOptions = {}): Adapted<T> {
    const where = `${this.path}.adapt`;
    const {numBins} = this;
    if (numBins === null)
      throw new ValueError(`${where}: the layer was made with its binBoundaries; numBins is needed`);
    let summary = EMPTY;
    const add = (batch: unknown): void => {
      const values = Float32Array.from(
        convert(batch as TensorLike, undefined, where).data() as ArrayLike<number>,
        Number,
      );
      summary = mergeSummaries(summarize(values, this.epsilon), summary, this.epsilon);
    };
    const done = (): void => {
      this.binBoundaries = binBoundaries(summary, numBins);
    };
    return visitBatches(where, data, options, {whole: add, batch: add, done});
  }

  override call(inputs: Tensor): O {
    const {outputMode: mode} = this;
    const dtype = mode === 'int' ? 'int32' : this.computeDtype;
    if (isSymbolic(inputs)) return symbolicTensor({shape: this.#shapeOf(inputs.shape), dtype}) as O;
    if (this.binBoundaries === null) {
      throw new NotBuiltError(`${this.path}: the bins are not known; call adapt, or give binBoundaries`);
    }
    const x = inputs.dtype === 'float64' ? inputs : ops.cast(inputs, 'float32');
    const bins = ops.digitize(
      x,
      tensor(this.binBoundaries, {dtype: x.dtype as 'float32', shape: [this.binBoundaries.length]}),
    );
    return sparseOr(encode(bins, {mode, depth: this.binBoundaries.length + 1, dtype}), this.sparse) as O;
  }

  #shapeOf(inputShape: Shape): Shape {
    const depth = this.binBoundaries === null ? this.numBins : this.binBoundaries.length + 1;
    return encodedShape(inputShape, this.outputMode, depth);
  }

  override computeOutputShape(inputShape: Shape): never {
    return this.#shapeOf(inputShape) as never;
  }

  override getConfig(): Config {
    return {
      bin_boundaries: this.binBoundaries,
      num_bins: this.numBins,
      epsilon: this.epsilon,
      output_mode: this.outputMode,
      sparse: this.sparse,
      name: this.name,
      dtype: this.dtypePolicy.name,
    };
  }

  /** A config after `adapt` has both the number of bins and their edges. */
  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
  ): T {
    const {bin_boundaries: boundaries, ...rest} = config;
    const adapted = boundaries !== null && boundaries !== undefined && typeof config['num_bins'] === 'number';
    const layer = constructFrom(this, this.positional ?? [], adapted ? rest : config) as T;
    if (adapted && layer instanceof Discretization) layer.binBoundaries = checkBoundaries('Discretization', boundaries);
    return layer;
  }
}

function checkBoundaries(where: string, value: unknown): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const ascends = list.every((edge, i) => typeof edge === 'number' && (i === 0 || edge >= Number(list[i - 1])));
  if (Array.isArray(value) && list.length > 0 && ascends) return list as readonly number[];
  throw new ValueError(`${where}: binBoundaries must be a list of ascending numbers, got ${describe(value)}`);
}
