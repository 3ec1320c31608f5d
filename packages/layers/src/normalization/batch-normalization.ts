import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {batchNormalization, checkOptions, describe, isSymbolic, show, withoutRecorder} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {maskedMoments, normalize} from './composed.js';
import {renormCorrection, type RenormClipping} from './renorm.js';

/** Options that normalization layers share. */
export interface NormalizationOptions extends LayerOptions {
  /** Keeps the division finite. Default 0.001. */
  epsilon?: number | undefined;
  /** Whether beta is added. Default true. */
  center?: boolean | undefined;
  /** Whether gamma multiplies. Default true. */
  scale?: boolean | undefined;
  /** Default `'zeros'`. */
  betaInitializer?: initializers.InitializerIdentifier | undefined;
  /** Default `'ones'`. */
  gammaInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on beta. Default: none. */
  betaRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** A penalty on gamma. Default: none. */
  gammaRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What beta may be after a step. Default: anything. */
  betaConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** What gamma may be after a step. Default: anything. */
  gammaConstraint?: constraints.ConstraintIdentifier | null | undefined;
}

/** Names of {@link NormalizationOptions} beside those of every layer. */
export const NORMALIZATION_OPTIONS = [
  'epsilon',
  'center',
  'scale',
  'betaInitializer',
  'gammaInitializer',
  'betaRegularizer',
  'gammaRegularizer',
  'betaConstraint',
  'gammaConstraint',
] as const;

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** The axis of the channels. Default -1. */
  axis?: number | undefined;
  /** How much of the moving statistics each step keeps. Default 0.99. */
  momentum?: number | undefined;
  /** Default `'zeros'`. */
  movingMeanInitializer?: initializers.InitializerIdentifier | undefined;
  /** Default `'ones'`. */
  movingVarianceInitializer?: initializers.InitializerIdentifier | undefined;
  /** Batch renormalization (Ioffe, 2017). Default false. */
  renorm?: boolean | undefined;
  /** Bounds of its corrections, with Keras's names. */
  renormClipping?: RenormClipping | null | undefined;
  /** Momentum of its statistics. Default 0.99. */
  renormMomentum?: number | undefined;
}

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe and Szegedy, 2015). While training, mean and variance are
 * the batch's, and moving statistics follow them: moving * momentum + batch * (1 - momentum), with the population variance. Otherwise,
 * and where the layer is not trainable, the moving statistics are used.
 * Weights: gamma, beta, moving_mean, moving_variance, each (channels); the last two are not trained.
 */
export class BatchNormalization extends Layer {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: initializers.Initializer;
  readonly gammaInitializer: initializers.Initializer;
  readonly movingMeanInitializer: initializers.Initializer;
  readonly movingVarianceInitializer: initializers.Initializer;
  readonly betaRegularizer: regularizers.Regularizer | null;
  readonly gammaRegularizer: regularizers.Regularizer | null;
  readonly betaConstraint: constraints.Constraint | null;
  readonly gammaConstraint: constraints.Constraint | null;
  readonly renorm: boolean;
  readonly renormClipping: RenormClipping | null;
  readonly renormMomentum: number;
  declare gamma: Variable | null;
  declare beta: Variable | null;
  declare movingMean: Variable;
  declare movingVariance: Variable;
  declare movingStddev: Variable | null;
  declare renormMean: Variable | null;
  declare renormStddev: Variable | null;

  constructor(options: BatchNormalizationOptions = {}) {
    const where = 'BatchNormalization';
    super(options, [
      ...NORMALIZATION_OPTIONS,
      'axis',
      'momentum',
      'movingMeanInitializer',
      'movingVarianceInitializer',
      'renorm',
      'renormClipping',
      'renormMomentum',
      'synchronized',
    ]);
    const {axis = -1, renormClipping = null} = options;
    if (!Number.isInteger(axis)) throw new ValueError(`${where}: axis must be an integer, got ${describe(axis)}`);
    this.axis = axis;
    this.momentum = checkNumber(where, 'momentum', options.momentum ?? 0.99);
    this.epsilon = checkNumber(where, 'epsilon', options.epsilon ?? 1e-3, 0);
    this.center = checkBoolean(where, 'center', options.center ?? true);
    this.scale = checkBoolean(where, 'scale', options.scale ?? true);
    this.betaInitializer = initializers.get(options.betaInitializer ?? 'zeros');
    this.gammaInitializer = initializers.get(options.gammaInitializer ?? 'ones');
    this.movingMeanInitializer = initializers.get(options.movingMeanInitializer ?? 'zeros');
    this.movingVarianceInitializer = initializers.get(options.movingVarianceInitializer ?? 'ones');
    this.betaRegularizer = regularizers.get(options.betaRegularizer);
    this.gammaRegularizer = regularizers.get(options.gammaRegularizer);
    this.betaConstraint = constraints.get(options.betaConstraint);
    this.gammaConstraint = constraints.get(options.gammaConstraint);
    this.renorm = checkBoolean(where, 'renorm', options.renorm ?? false);
    if (renormClipping !== null) checkOptions(`${where} renormClipping`, renormClipping, ['rmin', 'rmax', 'dmax']);
    this.renormClipping = this.renorm ? (renormClipping ?? {}) : renormClipping;
    this.renormMomentum = checkNumber(where, 'renormMomentum', options.renormMomentum ?? 0.99);
    this.supportsMasking = true;
  }

  override build(inputShape: Shape): void {
    const channels = inputShape.at(this.axis) ?? null;
    if (channels === null) {
      throw new ShapeError(
        `${this.path}: axis ${String(this.axis)} of the inputs must exist and be known, got inputs ${show(inputShape)}`,
      );
    }
    const shape = [channels];
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
    const statistic = (name: string, initializer: initializers.InitializerIdentifier) =>
      this.addWeight({name, shape, initializer, trainable: false});
    const stddev: initializers.InitializerFunction = (size, options) =>
      this.movingVarianceInitializer(size, options).sqrt();
    this.movingMean = statistic('moving_mean', this.movingMeanInitializer);
    this.movingVariance = statistic('moving_variance', this.movingVarianceInitializer);
    this.movingStddev = this.renorm ? statistic('moving_stddev', stddev) : null;
    this.renormMean = this.renorm ? statistic('renorm_mean', this.movingMeanInitializer) : null;
    this.renormStddev = this.renorm ? statistic('renorm_stddev', stddev) : null;
    this.inputSpec = {ndim: inputShape.length, axes: {[this.axis]: channels}};
    super.build(inputShape);
  }

  override call(inputs: Tensor, {training, mask}: CallOptions): Tensor {
    if (mask !== undefined && mask.ndim !== inputs.ndim - 1) {
      throw new ShapeError(
        `${this.path}: a mask must have one axis less than the inputs, got mask ${show(mask.shape)} and inputs ${show(inputs.shape)}`,
      );
    }
    // Half types overflow in sums of squares.
    const half = inputs.dtype === 'float16' || inputs.dtype === 'bfloat16';
    const x = half ? ops.cast(inputs, 'float32') : inputs;
    const y =
      training === true && this.trainable
        ? this.normalizeBatch(x, mask)
        : this.normalizeWith(x, this.movingMean, this.movingVariance, this.gamma, this.beta);
    return half ? ops.cast(y, inputs.dtype) : y;
  }

  private normalizeBatch(x: Tensor, mask: Tensor<boolean> | undefined): Tensor {
    const last = this.axis === -1 || this.axis === x.ndim - 1;
    if (mask === undefined && last && !this.renorm) {
      const like = ops.cast(this.movingMean, x.dtype);
      const {y, mean, variance} = batchNormalization(
        x,
        this.gamma === null ? ops.onesLike(like) : inDtypeOf(x, this.gamma),
        this.beta === null ? ops.zerosLike(like) : inDtypeOf(x, this.beta),
        this.epsilon,
        this.path,
      );
      this.follow(mean, variance);
      return y;
    }
    const axis = this.axis < 0 ? this.axis + x.ndim : this.axis;
    const axes = x.shape.map((_, i) => i).filter((i) => i !== axis);
    const [mean, variance] = mask === undefined ? ops.moments(x, {axes}) : maskedMoments(x, mask, axes);
    if (this.movingStddev === null || this.renormMean === null || this.renormStddev === null) {
      this.follow(mean, variance);
      return this.normalizeWith(x, mean, variance, this.gamma, this.beta);
    }
    const stddev = variance.add(this.epsilon).sqrt();
    const {r, d} = renormCorrection(
      mean,
      stddev,
      {mean: this.renormMean, stddev: this.renormStddev},
      this.epsilon,
      this.renormClipping ?? {},
    );
    // (normal * r + d) * gamma + beta
    const gamma = this.gamma === null ? r : this.gamma.mul(r);
    const shift = this.gamma === null ? d : this.gamma.mul(d);
    const y = this.normalizeWith(x, mean, variance, gamma, this.beta === null ? shift : shift.add(this.beta));
    if (!isSymbolic(x)) this.followRenorm(mean, stddev, this.movingStddev, this.renormMean, this.renormStddev);
    return y;
  }

  private normalizeWith(x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor | null, beta: Tensor | null): Tensor {
    const own = {
      mean: inDtypeOf(x, mean),
      variance: inDtypeOf(x, variance),
      gamma: gamma === null ? null : inDtypeOf(x, gamma),
      beta: beta === null ? null : inDtypeOf(x, beta),
    };
    return normalize(x, own, this.axis, this.epsilon);
  }

  private follow(mean: Tensor, variance: Tensor): void {
    if (isSymbolic(mean)) return;
    move(this.movingMean, mean, this.momentum);
    move(this.movingVariance, variance, this.momentum);
  }

  private followRenorm(
    mean: Tensor,
    stddev: Tensor,
    movingStddev: Variable,
    renormMean: Variable,
    renormStddev: Variable,
  ): void {
    move(renormMean, mean, this.renormMomentum);
    move(renormStddev, stddev, this.renormMomentum);
    move(this.movingMean, mean, this.momentum);
    move(movingStddev, stddev, this.momentum);
    // Rounding may bring it below 0.
    this.movingVariance.assign(movingStddev.square().sub(this.epsilon).relu());
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      beta_initializer: initializers.serialize(this.betaInitializer),
      gamma_initializer: initializers.serialize(this.gammaInitializer),
      moving_mean_initializer: initializers.serialize(this.movingMeanInitializer),
      moving_variance_initializer: initializers.serialize(this.movingVarianceInitializer),
      beta_regularizer: regularizers.serialize(this.betaRegularizer),
      gamma_regularizer: regularizers.serialize(this.gammaRegularizer),
      beta_constraint: constraints.serialize(this.betaConstraint),
      gamma_constraint: constraints.serialize(this.gammaConstraint),
      synchronized: false,
      renorm: this.renorm,
      renorm_clipping: this.renormClipping,
      renorm_momentum: this.renormMomentum,
    };
  }
}

function move(statistic: Variable, value: Tensor, momentum: number): void {
  // No gradient flows through what later steps see.
  withoutRecorder(null, () => {
    statistic.assign(statistic.mul(momentum).add(inDtypeOf(statistic, value).mul(1 - momentum)));
  });
}

/** A weight of a layer in half precision, for inputs that were made wider. */
const inDtypeOf = (x: Tensor, weight: Tensor): Tensor =>
  weight.dtype === x.dtype ? weight : ops.cast(weight, x.dtype);
