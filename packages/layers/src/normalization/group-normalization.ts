import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {checkAxis, describe, isFloating, show} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import * as regularizers from '../regularizers/index.js';
import {NORMALIZATION_OPTIONS, type NormalizationOptions} from './batch-normalization.js';

/** Options of {@link GroupNormalization}. */
export interface GroupNormalizationOptions extends NormalizationOptions {
  /** How many groups the channels are split in; -1 makes each channel one (instance normalization). Default 32. */
  groups?: number | undefined;
  /** The axis of the channels. Default: the last. */
  axis?: number | undefined;
}

/**
 * Normalizes groups of channels of each sample to mean 0 and variance 1, then scales and shifts each channel (Wu and He, 2018).
 * Weights: gamma (channels), beta (channels).
 */
export class GroupNormalization extends Layer {
  readonly axis: number;
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
  #groups: number;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options, ['groups', 'axis', ...NORMALIZATION_OPTIONS]);
    const where = 'GroupNormalization';
    const {groups = 32, axis = -1} = options;
    if (!Number.isInteger(groups) || (groups <= 0 && groups !== -1)) {
      throw new ValueError(
        `${where}: groups must be a positive integer, or -1 for one a channel, got ${describe(groups)}`,
      );
    }
    if (!Number.isInteger(axis)) throw new ValueError(`${where}: axis must be an integer, got ${describe(axis)}`);
    this.#groups = groups;
    this.axis = axis;
    this.epsilon = checkNumber(where, 'epsilon', options.epsilon ?? 1e-3, 0, Infinity);
    this.center = checkBoolean(where, 'center', options.center ?? true);
    this.scale = checkBoolean(where, 'scale', options.scale ?? true);
    this.betaInitializer = initializers.get(options.betaInitializer ?? 'zeros');
    this.gammaInitializer = initializers.get(options.gammaInitializer ?? 'ones');
    this.betaRegularizer = regularizers.get(options.betaRegularizer);
    this.gammaRegularizer = regularizers.get(options.gammaRegularizer);
    this.betaConstraint = constraints.get(options.betaConstraint);
    this.gammaConstraint = constraints.get(options.gammaConstraint);
    this.autocast = false;
    this.supportsMasking = true;
  }

  /** How many groups there are: the number of channels where -1 was given and the layer is built. */
  get groups(): number {
    return this.#groups;
  }

  override build(inputShape: Shape): void {
    const axis = checkAxis(this.path, this.axis, inputShape.length);
    const channels = inputShape[axis] ?? null;
    const groups = this.#groups === -1 ? channels : this.#groups;
    if (channels === null || groups === null || channels % groups !== 0) {
      throw new ShapeError(
        `${this.path}: the channels (axis ${String(axis)}) must be known and divide into ${String(this.#groups)} groups, got inputs ${show(inputShape)}`,
      );
    }
    this.gamma = this.scale
      ? this.addWeight({
          name: 'gamma',
          shape: [channels],
          initializer: this.gammaInitializer,
          regularizer: this.gammaRegularizer,
          constraint: this.gammaConstraint,
        })
      : null;
    this.beta = this.center
      ? this.addWeight({
          name: 'beta',
          shape: [channels],
          initializer: this.betaInitializer,
          regularizer: this.betaRegularizer,
          constraint: this.betaConstraint,
        })
      : null;
    this.inputSpec = {ndim: inputShape.length, axes: {[this.axis]: channels}};
    super.build(inputShape);
    this.#groups = groups;
  }

  override call(inputs: Tensor): Tensor {
    // Half types overflow in sums of squares.
    const wide = inputs.dtype === 'float64' ? inputs : ops.cast(inputs, 'float32');
    const axis = checkAxis(this.path, this.axis, inputs.ndim);
    const groups = this.#groups;
    const split = (shape: Shape): (number | null)[] =>
      shape.flatMap((n, i) => (i === axis ? [groups, n === null ? null : n / groups] : [n]));
    const shape = split(inputs.shape).map((n) => n ?? -1);
    const x = wide.reshape(shape);
    const rest = shape.map((_, i) => i).filter((i) => i > 0 && i !== axis);
    const mean = ops.mean(x, {axis: rest, keepdims: true});
    const centred = x.sub(mean);
    const variance = ops.mean(ops.square(centred), {axis: rest, keepdims: true});
    let y = centred.mul(ops.rsqrt(variance.add(this.epsilon)));
    const perChannel = (weight: Variable): Tensor =>
      ops.cast(weight, x.dtype).reshape(split(inputs.shape.map((n, i) => (i === axis ? n : 1))).map((n) => n ?? 1));
    if (this.gamma !== null) y = y.mul(perChannel(this.gamma));
    if (this.beta !== null) y = y.add(perChannel(this.beta));
    const out = y.reshape(inputs.shape.map((n) => n ?? -1));
    const {computeDtype} = this;
    return out.dtype === computeDtype || !isFloating(computeDtype) ? out : ops.cast(out, computeDtype);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    checkAxis(this.path, this.axis, inputShape.length);
    return inputShape;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      groups: this.#groups,
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      beta_initializer: initializers.serialize(this.betaInitializer),
      gamma_initializer: initializers.serialize(this.gammaInitializer),
      beta_regularizer: regularizers.serialize(this.betaRegularizer),
      gamma_regularizer: regularizers.serialize(this.gammaRegularizer),
      beta_constraint: constraints.serialize(this.betaConstraint),
      gamma_constraint: constraints.serialize(this.gammaConstraint),
    };
  }
}
