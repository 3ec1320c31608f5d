import {ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Moves pixels away from, or towards, the mean of their channel: (x - mean) * factor + mean.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomContrast<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor a range [a, b] for factors from 1 - a to 1 + b, or x for [0, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [0, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    const [low, high] = this.factor;
    return this.uniform([images.dim(0), 1, 1, 1], [1 - low, 1 + high], seed);
  }
  protected override render(images: Tensor, factor: Tensor): Tensor {
    const mean = ops.mean(images, {axis: [1, 2], keepdims: true});
    return this.within(images.sub(mean).mul(this.like(factor, images)).add(mean));
  }
}
