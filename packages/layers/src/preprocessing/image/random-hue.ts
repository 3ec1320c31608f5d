import {ops, type SeedGenerator, slice, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer, ranged} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Turns the hue of images by up to half a circle to either side.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomHue<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor parts of half a circle: a range, or x for [0, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [0, 1], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    this.checkColors(images);
    const shape = [images.dim(0), 1, 1, 1];
    const side = ops.where(this.uniform(shape, [0, 1], seed).greater(0.5), -1, ops.ones(shape));
    return this.uniform(shape, this.factor, seed).mul(side).mul(0.5);
  }
  protected override render(images: Tensor, turn: Tensor): Tensor {
    const hsv = ops.image.rgbToHsv(ranged(images, this.valueRange, [0, 1]));
    const hue = hsv.at('...', slice(0, 1)).add(this.like(turn, images));
    const less = ops.where(hue.greater(1), hue.sub(1), hue);
    const whole = ops.where(less.less(0), less.add(1), less);
    const rgb = ops.image.hsvToRgb(ops.concatenate([whole, hsv.at('...', slice(1, 3))], -1));
    return ranged(ops.clip(rgb, 0, 1), [0, 1], this.valueRange);
  }
}
