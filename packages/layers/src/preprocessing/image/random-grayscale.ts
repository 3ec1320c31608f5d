import {type Config, ops, type SeedGenerator, ShapeError, type Tensor} from '@keratin/core';
import {show} from '@keratin/core/internal';
import {checkNumber} from '../../layer/arguments.js';
import {type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';

/** Options of {@link RandomGrayscale}. */
export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** How likely an image becomes grey. Default 0.5. */
  factor?: number | undefined;
}

/**
 * Takes the colours of some images away; they keep three channels.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomGrayscale<D extends ImageData = Tensor> extends ImageLayer<Tensor<boolean>, D> {
  readonly factor: number;

  constructor(options: RandomGrayscaleOptions = {}) {
    super(options, ['factor']);
    this.factor = checkNumber('RandomGrayscale', 'factor', options.factor ?? 0.5, 0, 1);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor<boolean> {
    if (images.dim(3) !== 3) {
      throw new ShapeError(
        `${this.path}: images must have 3 channels, got (n,height,width,channels) ${show(images.shape)}`,
      );
    }
    return this.uniform([images.dim(0), 1, 1, 1], [0, 1], seed).less(this.factor);
  }
  protected override render(images: Tensor, chosen: Tensor<boolean>): Tensor {
    return ops.where(chosen, ops.image.rgbToGrayscale(images), images);
  }
  override getConfig(): Config {
    return {...super.getConfig(), factor: this.factor};
  }
}
