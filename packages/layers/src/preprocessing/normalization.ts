import {
  type Config,
  config,
  type Element,
  NotBuiltError,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
  type Variable,
} from '@keratin/core';
import {broadcastShapes, checkAxis, concrete, convert, describe, show} from '@keratin/core/internal';
import {checkBoolean} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {type Adapted, visitBatches} from './batches.js';

/** Options of {@link Normalization}. */
export interface NormalizationLayerOptions extends LayerOptions {
  /** Axes that keep their own mean and variance; null for one mean and variance of everything. Default -1. */
  axis?: number | readonly number[] | null | undefined;
  /** The mean, instead of `adapt`; of the sizes of the axes, or one number. */
  mean?: TensorLike | null | undefined;
  /** The variance, which goes with `mean`. */
  variance?: TensorLike | null | undefined;
  /** Whether to undo a normalization: inputs * sqrt(variance) + mean. Default false. */
  invert?: boolean | undefined;
}

/**
 * Features with mean 0 and variance 1: (inputs - mean) / max(sqrt(variance), epsilon), with the mean and variance that `adapt` found in
 * data, or that were given. Outputs have the layer's dtype.
 *
 * @example
 * const normalize = new layers.Normalization();
 * normalize.adapt([[1, 10], [3, 30]]);
 * normalize([[1, 10], [3, 30]]).array(); // [[-1, -1], [1, 1]]
 */
export class Normalization extends Layer {
  /** Axes that are not averaged over. */
  readonly axis: readonly number[];
  readonly inputMean: Tensor | null;
  readonly inputVariance: Tensor | null;
  readonly invert: boolean;
  /** @internal */
  declare adaptMean: Variable;
  /** @internal */
  declare adaptVariance: Variable;
  /** @internal */
  declare count: Variable;
  #shape: Shape = [];
  #kept: readonly number[] = [];

  constructor(options: NormalizationLayerOptions = {}) {
    super(options, ['axis', 'mean', 'variance', 'invert']);
    const where = 'Normalization';
    const {axis = -1, mean = null, variance = null} = options;
    this.axis = axis === null ? [] : [axis].flat();
    if (!this.axis.every(Number.isInteger)) {
      throw new ValueError(`${where}: axis must be an integer, a list of them or null, got ${describe(axis)}`);
    }
    if ((mean === null) !== (variance === null)) {
      throw new ValueError(
        `${where}: mean and variance go together, got mean ${describe(mean)} and variance ${describe(variance)}`,
      );
    }
    this.inputMean = mean === null ? null : convert(mean, undefined, where);
    this.inputVariance = variance === null ? null : convert(variance, undefined, where);
    const [m, v] = [this.inputMean?.shape ?? [], this.inputVariance?.shape ?? []];
    if (show(m) !== show(v)) {
      throw new ShapeError(`${where}: mean and variance must have one shape, got ${show(m)} and ${show(v)}`);
    }
    if (m.length > this.axis.length) {
      throw new ShapeError(`${where}: mean must have at most one axis for each of ${show(this.axis)}, got ${show(m)}`);
    }
    this.invert = checkBoolean(where, 'invert', options.invert ?? false);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape): void {
    const kept = this.axis.map((axis) => checkAxis(this.path, axis, inputShape.length)).sort((a, b) => a - b);
    const sizes = kept.map((axis) => inputShape[axis] ?? null);
    if (sizes.includes(null)) {
      throw new ShapeError(`${this.path}: axes ${show(kept)} must have known sizes, got inputs ${show(inputShape)}`);
    }
    if (this.inputMean !== null && broadcastShapes(this.inputMean.shape, sizes)?.length !== sizes.length) {
      throw new ShapeError(
        `${this.path}: mean ${show(this.inputMean.shape)} does not fit axes ${show(kept)} of inputs ${show(inputShape)}`,
      );
    }
    this.#kept = kept;
    this.#shape = inputShape.map((size, axis) => (kept.includes(axis) ? size : 1));
    if (this.inputMean !== null) return;
    const shape = concrete(sizes);
    const rest = {trainable: false};
    this.adaptMean = this.addWeight({name: 'mean', shape, initializer: 'zeros', ...rest});
    this.adaptVariance = this.addWeight({name: 'variance', shape, initializer: 'ones', ...rest});
    this.count = this.addWeight({name: 'count', shape: [], dtype: 'int32', initializer: 'zeros', ...rest});
  }

  /**
   * Finds mean and variance of data: of all at once, or of batches of any sizes one after the other. What an earlier `adapt` found is
   * forgotten. A Promise where the data are asynchronous.
   */
  adapt<T>(data: T): Adapted<T> {
    const where = `${this.path}.adapt`;
    if (this.inputMean !== null) throw new ValueError(`${where}: the layer was made with its mean and variance`);
    let found: Statistics | null = null;
    const add = (given: unknown): void => {
      const batch = convert(given as TensorLike<Element>, undefined, where);
      if (!this.built) this.build(batch.shape);
      this.#checkSizes(where, batch.shape);
      const next = this.#statistics(batch);
      found = found === null ? next : merged(found, next);
    };
    return visitBatches(
      where,
      data,
      {},
      {
        whole: add,
        batch: add,
        done: () => {
          if (found === null) return;
          this.adaptMean.assign(ops.cast(found.mean, this.adaptMean.dtype));
          this.adaptVariance.assign(ops.cast(found.variance, this.adaptVariance.dtype));
        },
      },
    );
  }

  #checkSizes(where: string, shape: Shape): void {
    const fits = shape.length === this.#shape.length && this.#kept.every((axis) => shape[axis] === this.#shape[axis]);
    if (!fits) {
      throw new ShapeError(
        `${where}: the layer was built for ${String(this.#shape.length)} axes with sizes ${show(this.#kept.map((axis) => this.#shape[axis] ?? null))} on ${show(this.#kept)}, got data ${show(shape)}`,
      );
    }
  }

  #statistics(batch: Tensor<Element>): Statistics {
    const dtype = batch.dtype === 'float64' ? 'float64' : 'float32';
    const x: Tensor = (batch.dtype === dtype ? batch : batch.cast(dtype)) as Tensor;
    const axes = x.shape.map((_, axis) => axis).filter((axis) => !this.#kept.includes(axis));
    if (axes.length === 0) return {mean: x, variance: ops.zerosLike(x), count: 1};
    const count = axes.reduce((n, axis) => n * x.dim(axis), 1);
    if (count === 0)
      throw new ValueError(`${this.path}.adapt: data without elements have no mean, got ${show(x.shape)}`);
    return {mean: ops.mean(x, axes), variance: ops.variance(x, axes), count};
  }

  override call(inputs: Tensor): Tensor {
    const dtype = this.computeDtype as 'float32';
    const x = inputs.dtype === dtype ? inputs : ops.cast(inputs, dtype);
    const mean = this.#spread(this.inputMean ?? this.adaptMean, dtype);
    const deviation = ops.maximum(
      ops.sqrt(this.#spread(this.inputVariance ?? this.adaptVariance, dtype)),
      config.epsilon(),
    );
    return this.invert ? x.mul(deviation).add(mean) : x.sub(mean).div(deviation);
  }

  /** A statistic with sizes of 1 where the inputs were averaged. */
  #spread(value: Tensor, dtype: 'float32'): Tensor {
    if (!this.built) throw new NotBuiltError(`${this.path}: the layer is not built`);
    const sizes = this.#kept.map((axis) => this.#shape[axis] ?? 1);
    const spread = value.broadcastTo(sizes).reshape(concrete(this.#shape));
    return spread.dtype === dtype ? spread : ops.cast(spread, dtype);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: [...this.axis],
      invert: this.invert,
      mean: this.inputMean?.array() ?? null,
      variance: this.inputVariance?.array() ?? null,
    };
  }
}

interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** How many elements each mean is of. */
  readonly count: number;
}

/** The statistics of two lots together: each variance plus the squared distance of its mean, weighted by counts. */
function merged(a: Statistics, b: Statistics): Statistics {
  const count = a.count + b.count;
  const weight = b.count / count;
  const mean = a.mean.mul(1 - weight).add(b.mean.mul(weight));
  const part = ({variance, mean: own}: Statistics, w: number) => variance.add(own.sub(mean).square()).mul(w);
  return {mean, variance: part(a, 1 - weight).add(part(b, weight)), count};
}
