import {type Config, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {checkAxes, describe} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Options of {@link UnitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** The axes that make one vector. Default: the last. */
  axis?: number | readonly number[] | undefined;
}

/** Divides each vector by its length: the squares along the axes sum to 1. */
export class UnitNormalization extends Layer {
  readonly axis: number | readonly number[];

  constructor(options: UnitNormalizationOptions = {}) {
    super(options, ['axis']);
    const {axis = -1} = options;
    if (![axis].flat().every(Number.isInteger)) {
      throw new ValueError(`UnitNormalization: axis must be an integer or a list of integers, got ${describe(axis)}`);
    }
    this.axis = axis;
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    checkAxes(this.path, [this.axis].flat(), x.ndim);
    return ops.normalize(x, {axis: this.axis, order: 2, epsilon: 1e-12});
  }
  override computeOutputShape(inputShape: Shape): Shape {
    checkAxes(this.path, [this.axis].flat(), inputShape.length);
    return inputShape;
  }
  override getConfig(): Config {
    return {...super.getConfig(), axis: typeof this.axis === 'number' ? this.axis : [...this.axis]};
  }
}
