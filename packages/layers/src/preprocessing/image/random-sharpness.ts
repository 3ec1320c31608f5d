import {ops, type SeedGenerator, tensor, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Blurs or sharpens images: factor 0 smooths, 0.5 changes nothing, 1 sharpens.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomSharpness<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor a range, or x for [0, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [0, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    return this.uniform([images.dim(0), 1, 1, 1], this.factor, seed).mul(2);
  }
  protected override render(images: Tensor, factor: Tensor): Tensor {
    const channels = images.dim(3);
    const [a, b] = [1 / 13, 5 / 13];
    const window = tensor([a, a, a, a, b, a, a, a, a], {shape: [3, 3, 1, 1]}).tile([1, 1, channels, 1]);
    const smooth = ops.depthwiseConv(images, this.like(window, images), {padding: 'same'});
    return this.within(images.add(smooth.sub(images).mul(this.like(factor.neg().add(1), images))));
  }
}
