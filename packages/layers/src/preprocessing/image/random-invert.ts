import {ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor} from './options.js';

/** Options of {@link RandomInvert}. */
export interface RandomInvertOptions extends ColorOptions {
  /** How likely an image is inverted: a range that the probability is drawn from, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
}

/**
 * Inverts the values of some images: high - x.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomInvert<D extends ImageData = Tensor> extends FactorLayer<Tensor<boolean>, D> {
  constructor(options: RandomInvertOptions = {}) {
    super(options.factor ?? 1, [0, 1], options, ['factor']);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor<boolean> {
    return this.chosen(images.dim(0), this.factor, seed);
  }
  protected override render(images: Tensor, chosen: Tensor<boolean>): Tensor {
    return ops.where(chosen, images.neg().add(this.valueRange[1]), images);
  }
}
