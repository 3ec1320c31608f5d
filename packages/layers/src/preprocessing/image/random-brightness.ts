import {type SeedGenerator, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Adds a random part of the value range to all pixels of an image.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomBrightness<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor parts of the value range: a range, or x for [-x, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [-1, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    const [low, high] = this.valueRange;
    return this.uniform([images.dim(0), 1, 1, 1], this.factor, seed).mul(high - low);
  }
  protected override render(images: Tensor, amount: Tensor): Tensor {
    return this.within(images.add(this.like(amount, images)));
  }
}
