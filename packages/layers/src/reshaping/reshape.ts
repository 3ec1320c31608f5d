import {type Config, type Shape, ShapeError, type Tensor} from '@keratin/core';
import {describe, isConcrete, show, symbolicTensor} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {sizeOrOpen} from '../layer/shapes.js';

/** Inputs (batch, ...) become (batch, ...targetShape); one size may be -1, which takes what is left. */
export class Reshape extends Layer {
  static override readonly positional = ['targetShape'];
  readonly targetShape: readonly number[];

  constructor(targetShape: readonly number[], options: LayerOptions = {}) {
    super(options);
    const given: unknown = targetShape;
    const valid = Array.isArray(given) && given.every((n) => Number.isInteger(n) && (n as number) >= -1);
    if (!valid || targetShape.filter((n) => n === -1).length > 1) {
      throw new ShapeError(`Reshape: targetShape must be a list of sizes with at most one -1, got ${describe(given)}`);
    }
    this.targetShape = [...targetShape];
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    const shape = this.computeOutputShape(x.shape);
    return isConcrete(shape) ? x.reshape(shape) : symbolicTensor({shape, dtype: x.dtype});
  }
  override computeOutputShape(inputShape: Shape): Shape {
    const total = sizeOrOpen(inputShape.slice(1));
    const known = this.targetShape.reduce((product, n) => (n === -1 ? product : product * n), 1);
    const rest = total === null ? null : total / known;
    const fits = this.targetShape.includes(-1) ? rest === null || Number.isInteger(rest) : rest === null || rest === 1;
    if (!fits) {
      throw new ShapeError(
        `${this.path}: samples of shape ${show(inputShape.slice(1))} do not fit targetShape ${show(this.targetShape)}`,
      );
    }
    return [inputShape[0] ?? null, ...this.targetShape.map((n) => (n === -1 ? rest : n))];
  }
  override getConfig(): Config {
    return {...super.getConfig(), target_shape: [...this.targetShape]};
  }
}
