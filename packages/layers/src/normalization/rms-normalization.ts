import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {checkAxes, describe, isConcrete, show} from '@keratin/core/internal';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** The axes that are normalized together. Default: the last. */
  axis?: number | readonly number[] | undefined;
  /** Added to the mean square. Default 1e-6. */
  epsilon?: number | undefined;
}

/**
 * x / sqrt(mean(x^2) + epsilon) * scale over the axes (Zhang and Sennrich, 2019). Weights: scale, with the sizes of the axes.
 */
export class RMSNormalization extends Layer {
  #axis: number | readonly number[];
  readonly epsilon: number;
  declare scale: Variable;

  constructor(options: RMSNormalizationOptions = {}) {
    super(options, ['axis', 'epsilon']);
    const {axis = -1} = options;
    if (![axis].flat().every(Number.isInteger)) {
      throw new ValueError(`RMSNormalization: axis must be an integer or a list of integers, got ${describe(axis)}`);
    }
    this.#axis = axis;
    this.epsilon = checkNumber('RMSNormalization', 'epsilon', options.epsilon ?? 1e-6, 0, Infinity);
  }
  /** A list once the layer is built. */
  get axis(): number | readonly number[] {
    return this.#axis;
  }
  override build(inputShape: Shape): void {
    const axes = [this.#axis].flat().sort((a, b) => a - b);
    const shape = checkAxes(this.path, axes, inputShape.length).map((axis) => inputShape[axis] ?? null);
    if (!isConcrete(shape)) {
      throw new ShapeError(
        `${this.path}: the sizes of axes ${show(axes)} must be known, got inputs ${show(inputShape)}`,
      );
    }
    this.scale = this.addWeight({name: 'scale', shape, initializer: 'ones'});
    this.inputSpec = {axes: Object.fromEntries(axes.map((axis, i) => [axis, shape[i] ?? 1]))};
    super.build(inputShape);
    this.#axis = axes;
  }
  override call(x: Tensor): Tensor {
    const axes = checkAxes(this.path, [this.#axis].flat(), x.ndim);
    const scale = this.inComputeDtype(this.scale).reshape(
      x.shape.map((n, axis) => (axes.includes(axis) ? (n ?? 1) : 1)),
    );
    const half = x.dtype === 'float16' || x.dtype === 'bfloat16';
    const wide = half ? ops.cast(x, 'float32') : x;
    const square = ops.mean(ops.square(wide), {axis: axes, keepdims: true});
    const y = wide.mul(ops.rsqrt(square.add(this.epsilon)));
    return (half ? ops.cast(y, x.dtype) : y).mul(scale);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    checkAxes(this.path, [this.#axis].flat(), inputShape.length);
    return inputShape;
  }
  override getConfig(): Config {
    const axis = typeof this.#axis === 'number' ? this.#axis : [...this.#axis];
    return {...super.getConfig(), axis, epsilon: this.epsilon};
  }
}
