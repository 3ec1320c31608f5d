import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {elu, leakyRelu, relu} from './functions.js';

/** Base of the activations that are layers without weights. */
abstract class Elementwise extends Layer {
  constructor(options: LayerOptions, ownOptions: readonly string[]) {
    super(options, ownOptions);
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
}

/** Options of {@link ReLU}. */
export interface ReLUOptions extends LayerOptions {
  /** The largest output. Default: none. */
  maxValue?: number | null | undefined;
  /** Factor of what is below the threshold. Default 0. */
  negativeSlope?: number | undefined;
  /** Below it inputs do not pass. Default 0. */
  threshold?: number | undefined;
}

/** max(x, 0), with a slope, a threshold and a limit where wanted. */
export class ReLU extends Elementwise {
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(options: ReLUOptions = {}) {
    super(options, ['maxValue', 'negativeSlope', 'threshold']);
    const {maxValue, negativeSlope = 0, threshold = 0} = options;
    this.maxValue =
      maxValue === undefined || maxValue === null ? null : checkNumber('ReLU', 'maxValue', maxValue, 0, Infinity);
    this.negativeSlope = checkNumber('ReLU', 'negativeSlope', negativeSlope, 0, Infinity);
    this.threshold = checkNumber('ReLU', 'threshold', threshold, 0, Infinity);
  }
  override call(x: Tensor): Tensor {
    const {maxValue, negativeSlope, threshold} = this;
    return relu(x, {maxValue, negativeSlope, threshold});
  }
  override getConfig(): Config {
    const {maxValue, negativeSlope, threshold} = this;
    return {...super.getConfig(), max_value: maxValue, negative_slope: negativeSlope, threshold};
  }
}

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Factor of negative inputs. Default 0.3. */
  negativeSlope?: number | undefined;
}

/** x where it is positive, negativeSlope * x elsewhere. */
export class LeakyReLU extends Elementwise {
  readonly negativeSlope: number;

  constructor(options: LeakyReLUOptions = {}) {
    super(options, ['negativeSlope']);
    this.negativeSlope = checkNumber('LeakyReLU', 'negativeSlope', options.negativeSlope ?? 0.3);
  }
  override call(x: Tensor): Tensor {
    return leakyRelu(x, {negativeSlope: this.negativeSlope});
  }
  override getConfig(): Config {
    return {...super.getConfig(), negative_slope: this.negativeSlope};
  }
}

/** x where it is positive, alpha * (exp(x) - 1) elsewhere. */
export class ELU extends Elementwise {
  readonly alpha: number;

  constructor(options: LayerOptions & {alpha?: number | undefined} = {}) {
    super(options, ['alpha']);
    this.alpha = checkNumber('ELU', 'alpha', options.alpha ?? 1);
  }
  override call(x: Tensor): Tensor {
    return elu(x, {alpha: this.alpha});
  }
  override getConfig(): Config {
    return {...super.getConfig(), alpha: this.alpha};
  }
}

/** Options of {@link Softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** Over which axes the outputs sum to 1. Default: the last. */
  axis?: number | readonly number[] | undefined;
}

/** exp(x) / sum(exp(x)) over an axis; what a mask leaves out gets 0. */
export class Softmax extends Elementwise {
  readonly axis: number | readonly number[];

  constructor(options: SoftmaxOptions = {}) {
    super(options, ['axis']);
    const {axis = -1} = options;
    if (![axis].flat().every(Number.isInteger)) {
      throw new ValueError(`Softmax: axis must be an integer or a list of integers, got ${describe(axis)}`);
    }
    this.axis = axis;
  }
  override call(x: Tensor, {mask}: CallOptions): Tensor {
    if (mask === undefined) return ops.softmax(x, this.axis);
    const fits = mask.ndim <= x.ndim && mask.shape.every((n, i) => n === 1 || n === x.shape.at(i - mask.ndim));
    if (!fits) {
      throw new ShapeError(`${this.path}: a mask ${show(mask.shape)} does not broadcast to inputs ${show(x.shape)}`);
    }
    // The most negative number that the dtype holds, halved so that sums stay finite.
    const low = x.dtype === 'float16' ? -3e4 : -1e9;
    const y = ops.softmax(ops.where(mask, x, low), this.axis);
    return ops.where(mask, y, 0);
  }
  override getConfig(): Config {
    return {...super.getConfig(), axis: typeof this.axis === 'number' ? this.axis : [...this.axis]};
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** Default `'zeros'`. */
  alphaInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the slopes. Default: none. */
  alphaRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the slopes may be after a step. Default: anything. */
  alphaConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** Axes along which one slope is shared, such as [1, 2] of images. Default: a slope for each element. */
  sharedAxes?: number | readonly number[] | null | undefined;
}

/** x where it is positive, alpha * x elsewhere, with trained slopes alpha of the shape of a sample (He et al., 2015). */
export class PReLU extends Layer {
  readonly alphaInitializer: initializers.Initializer;
  readonly alphaRegularizer: regularizers.Regularizer | null;
  readonly alphaConstraint: constraints.Constraint | null;
  readonly sharedAxes: readonly number[] | null;
  declare alpha: Variable;

  constructor(options: PReLUOptions = {}) {
    super(options, ['alphaInitializer', 'alphaRegularizer', 'alphaConstraint', 'sharedAxes']);
    this.alphaInitializer = initializers.get(options.alphaInitializer ?? 'zeros');
    this.alphaRegularizer = regularizers.get(options.alphaRegularizer);
    this.alphaConstraint = constraints.get(options.alphaConstraint);
    const {sharedAxes} = options;
    this.sharedAxes = sharedAxes === undefined || sharedAxes === null ? null : [sharedAxes].flat();
    if (this.sharedAxes?.some((axis) => !Number.isInteger(axis) || axis < 1) === true) {
      throw new ValueError(`PReLU: sharedAxes counts axes from 1, without the batch, got ${describe(sharedAxes)}`);
    }
    this.supportsMasking = true;
  }
  override build(inputShape: Shape): void {
    const shared = this.sharedAxes ?? [];
    const shape = inputShape.slice(1).map((n, i) => (shared.includes(i + 1) ? 1 : n));
    const missing = shared.find((axis) => axis >= inputShape.length);
    if (missing !== undefined || shape.includes(null)) {
      throw new ShapeError(
        `${this.path}: sharedAxes ${show(shared)} must be axes of the inputs and all other sizes known, got inputs ${show(inputShape)}`,
      );
    }
    this.alpha = this.addWeight({
      name: 'alpha',
      shape,
      initializer: this.alphaInitializer,
      regularizer: this.alphaRegularizer,
      constraint: this.alphaConstraint,
    });
    const axes = inputShape.flatMap((n, axis) =>
      axis > 0 && !shared.includes(axis) && n !== null ? [[axis, n] as const] : [],
    );
    this.inputSpec = {ndim: inputShape.length, axes: Object.fromEntries(axes)};
    super.build(inputShape);
  }
  override call(x: Tensor): Tensor {
    const alpha = this.inComputeDtype(this.alpha);
    return ops.subtract(ops.relu(x), ops.multiply(alpha, ops.relu(ops.negative(x))));
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      alpha_initializer: initializers.serialize(this.alphaInitializer),
      alpha_regularizer: regularizers.serialize(this.alphaRegularizer),
      alpha_constraint: constraints.serialize(this.alphaConstraint),
      shared_axes: this.sharedAxes === null ? null : [...this.sharedAxes],
    };
  }
}
