import {ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Mixes images with their grey version.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomColorDegeneration<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor how grey: 1 is wholly; a range, or x for [-x, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [-1, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    this.checkColors(images);
    return this.uniform([images.dim(0), 1, 1, 1], this.factor, seed);
  }
  protected override render(images: Tensor, factor: Tensor): Tensor {
    const gray = ops.image.rgbToGrayscale(images);
    return this.within(images.add(gray.sub(images).mul(this.like(factor, images))));
  }
}
