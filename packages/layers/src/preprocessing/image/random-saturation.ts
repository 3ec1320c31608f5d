import {config, ops, type SeedGenerator, slice, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Multiplies the saturation of images by factor / (1 - factor): 0.5 changes nothing.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomSaturation<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor a range, or x for [-x, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [-1, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    this.checkColors(images);
    const factor = this.uniform([images.dim(0), 1, 1, 1], this.factor, seed);
    return factor.div(factor.neg().add(1 + config.epsilon()));
  }
  protected override render(images: Tensor, factor: Tensor): Tensor {
    const [hue, saturation, value] = [0, 1, 2].map((i) => ops.image.rgbToHsv(images).at('...', slice(i, i + 1))) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const changed = this.within(saturation.mul(this.like(factor, images)));
    return ops.image.hsvToRgb(ops.concatenate([hue, changed, value], -1));
  }
}
