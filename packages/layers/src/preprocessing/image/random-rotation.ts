import {type Config, ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {AffineLayer, matrixOf, type WarpLayerOptions} from './affine-layer.js';
import {type ImageSize} from './boxes.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/**
 * Turns images around their centre by a random part of a full turn.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomRotation<D extends ImageData = Tensor> extends AffineLayer<D> {
  static override readonly positional = ['factor'];
  readonly factor: Range;

  /** @param factor parts of a full turn, counter-clockwise: a range, or x for [-x, x] */
  constructor(factor: Factor, options: WarpLayerOptions = {}) {
    super(options);
    this.factor = factorOption('RandomRotation', 'factor', factor, [-1, 1]);
  }
  protected override transforms(count: number, {height, width}: ImageSize, seed: SeedGenerator): Tensor {
    const angle = this.uniform([count], this.factor, seed).mul(2 * Math.PI);
    const [cos, sin] = [ops.cos(angle), ops.sin(angle)];
    const [x, y] = [(width - 1) / 2, (height - 1) / 2];
    return matrixOf(count, [
      cos,
      sin.neg(),
      cos.mul(-x).add(sin.mul(y)).add(x),
      sin,
      cos,
      sin.mul(-x).sub(cos.mul(y)).add(y),
    ]);
  }
  override getConfig(): Config {
    return {...super.getConfig(), factor: this.factor};
  }
}
