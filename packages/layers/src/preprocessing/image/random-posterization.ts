import {ops, random, type SeedGenerator, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer, ranged} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/**
 * Keeps only the highest bits of 8-bit values.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomPosterization<D extends ImageData = Tensor> extends FactorLayer<Tensor, D> {
  static override readonly positional = ['factor'];

  /** @param factor how many bits are kept: a range, or one number x for [1, x] */
  constructor(factor: Factor, options: ColorOptions = {}) {
    super(factor, [1, 8], options);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    const [low, high] = this.factor;
    const shape = [images.dim(0), 1, 1, 1];
    const bits = low === high ? ops.full(shape, low) : random.randint(shape, low, high, {seed});
    return ops.power(2, ops.cast(bits, 'float32').neg().add(8));
  }
  protected override render(images: Tensor, step: Tensor): Tensor {
    const size = this.like(step, images);
    const whole = ops.floor(ops.clip(ranged(images, this.valueRange, [0, 255]), 0, 255));
    return ranged(ops.floor(whole.div(size)).mul(size), [0, 255], this.valueRange);
  }
}
