import {ops, type Shape, ShapeError, type Tensor} from '@keratin/core';
import {isSymbolic, show, symbolicTensor} from '@keratin/core/internal';
import {type AnyLayer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {Wrapper} from './wrapper.js';

/**
 * A layer on each time step by itself: inputs (batch, time, ...) become (batch, time, what the layer makes of ...).
 *
 * @example
 * const y = new layers.TimeDistributed(new layers.Conv2D(8, 3))(ops.ones([2, 10, 28, 28, 1]));
 */
export class TimeDistributed extends Wrapper {
  constructor(layer: AnyLayer, options: LayerOptions = {}) {
    super(layer, options);
    this.supportsMasking = true;
  }

  // The shape of one step.
  private stepShape(inputShape: Shape): Shape {
    if (inputShape.length >= 3) return [inputShape[0] ?? null, ...inputShape.slice(2)];
    throw new ShapeError(
      `${this.path}: expects inputs (batch, time, ...) of rank 3 or more, got inputs ${show(inputShape)}`,
    );
  }

  override build(inputShape: Shape): void {
    this.buildWrapped(inputShape, this.stepShape(inputShape));
  }

  override call(x: Tensor, {training, mask}: CallOptions): Tensor {
    if (mask !== undefined && (mask.ndim < 2 || mask.shape[0] !== x.shape[0] || mask.shape[1] !== x.shape[1])) {
      throw new ShapeError(
        `${this.path}: a mask must be (batch, time) as of inputs ${show(x.shape)}, got mask ${show(mask.shape)}`,
      );
    }
    if (isSymbolic(x)) return symbolicTensor({shape: this.computeOutputShape(x.shape), dtype: this.computeDtype});
    const masks = mask === undefined ? [] : (ops.unstack(mask, 1) as unknown[] as Tensor<boolean>[]);
    const steps = ops.unstack(x, 1).map((step, t) => this.layer(step, {training, mask: masks[t]}));
    return ops.stack(steps, 1);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const [batch = null, ...rest] = this.layer.computeOutputShape(this.stepShape(inputShape));
    return [batch, inputShape[1] ?? null, ...rest];
  }
}
