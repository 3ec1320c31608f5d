import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {checkAxes, describe, isConcrete, layerNormalization, show} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {NORMALIZATION_OPTIONS, type NormalizationOptions} from './batch-normalization.js';
import {normalizeAxes} from './composed.js';

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The axis or axes to normalize over. Default -1. */
  axis?: number | readonly number[] | undefined;
}

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the moments of each sample over `axis` (Ba, Kiros and Hinton, 2016).
 * Weights: gamma, beta of the sizes of those axes.
 */
export class LayerNormalization extends Layer {
  #axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: initializers.Initializer;
  readonly gammaInitializer: initializers.Initializer;
  readonly betaRegularizer: regularizers.Regularizer | null;
  readonly gammaRegularizer: regularizers.Regularizer | null;
  readonly betaConstraint: constraints.Constraint | null;
  readonly gammaConstraint: constraints.Constraint | null;
  declare gamma: Variable | null;
  declare beta: Variable | null;

  constructor(options: LayerNormalizationOptions = {}) {
    const where = 'LayerNormalization';
    super(options, [...NORMALIZATION_OPTIONS, 'axis', 'rmsScaling']);
    const {axis = -1} = options;
    if (![axis].flat().every(Number.isInteger)) {
      throw new ValueError(`${where}: axis must be an integer or a list of them, got ${describe(axis)}`);
    }
    this.#axis = axis;
    this.epsilon = checkNumber(where, 'epsilon', options.epsilon ?? 1e-3, 0);
    this.center = checkBoolean(where, 'center', options.center ?? true);
    this.scale = checkBoolean(where, 'scale', options.scale ?? true);
    this.betaInitializer = initializers.get(options.betaInitializer ?? 'zeros');
    this.gammaInitializer = initializers.get(options.gammaInitializer ?? 'ones');
    this.betaRegularizer = regularizers.get(options.betaRegularizer);
    this.gammaRegularizer = regularizers.get(options.gammaRegularizer);
    this.betaConstraint = constraints.get(options.betaConstraint);
    this.gammaConstraint = constraints.get(options.gammaConstraint);
    this.supportsMasking = true;
    this.autocast = false;
  }

  /** The axis or axes that are normalized over; a sorted list once the layer is built. */
  get axis(): number | readonly number[] {
    return this.#axis;
  }

  override build(inputShape: Shape): void {
    const axes = [this.#axis].flat().sort((a, b) => a - b);
    checkAxes(this.path, axes, inputShape.length);
    const shape = axes.map((axis) => inputShape.at(axis) ?? null);
    if (!isConcrete(shape)) {
      throw new ShapeError(
        `${this.path}: the axes ${show(axes)} of the inputs must be known, got inputs ${show(inputShape)}`,
      );
    }
    this.#axis = axes;
    this.gamma = this.scale
      ? this.addWeight({
          name: 'gamma',
          shape,
          initializer: this.gammaInitializer,
          regularizer: this.gammaRegularizer,
          constraint: this.gammaConstraint,
        })
      : null;
    this.beta = this.center
      ? this.addWeight({
          name: 'beta',
          shape,
          initializer: this.betaInitializer,
          regularizer: this.betaRegularizer,
          constraint: this.betaConstraint,
        })
      : null;
    this.inputSpec = {axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i] ?? 1]))};
    super.build(inputShape);
  }

  override call(inputs: Tensor, _options: CallOptions): Tensor {
    // In single precision at least: half types lose the variance.
    const single = inputs.dtype === 'float32' || inputs.dtype === 'float64';
    const x = single ? inputs : ops.cast(inputs, 'float32');
    const y = this.normalize(x);
    return y.dtype === this.computeDtype ? y : ops.cast(y, this.computeDtype);
  }

  private normalize(x: Tensor): Tensor {
    const like = (value: Variable | null): Tensor | null =>
      value === null || value.dtype === x.dtype ? value : ops.cast(value, x.dtype);
    const gamma = like(this.gamma);
    const beta = like(this.beta);
    const axes = checkAxes(this.path, this.#axis, x.ndim);
    if (axes.length === 1 && axes[0] === x.ndim - 1) {
      const channels = [x.dim(-1)];
      return layerNormalization(
        x,
        gamma ?? (ops.ones(channels, x.dtype) as Tensor),
        beta ?? (ops.zeros(channels, x.dtype) as Tensor),
        this.epsilon,
        this.path,
      );
    }
    const placed = (value: Tensor | null): Tensor | null =>
      value === null ? null : value.reshape(x.shape.map((n, axis) => (axes.includes(axis) ? (n ?? -1) : 1)));
    return normalizeAxes(x, placed(gamma), placed(beta), axes, this.epsilon);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    checkAxes(this.path, this.#axis, inputShape.length);
    return inputShape;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.#axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      rms_scaling: false,
      beta_initializer: initializers.serialize(this.betaInitializer),
      gamma_initializer: initializers.serialize(this.gammaInitializer),
      beta_regularizer: regularizers.serialize(this.betaRegularizer),
      gamma_regularizer: regularizers.serialize(this.gammaRegularizer),
      beta_constraint: constraints.serialize(this.betaConstraint),
      gamma_constraint: constraints.serialize(this.gammaConstraint),
    };
  }
}
