import {type Config, type SeedGenerator, type Tensor} from '@keratin/core';
import {AffineLayer, matrixOf, type WarpLayerOptions} from './affine-layer.js';
import {type ImageSize} from './boxes.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption} from './options.js';

/**
 * Shifts images by random parts of their height and width.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomTranslation<D extends ImageData = Tensor> extends AffineLayer<D> {
  static override readonly positional = ['heightFactor', 'widthFactor'];
  readonly heightFactor: Factor;
  readonly widthFactor: Factor;

  /**
   * @param heightFactor parts of the height, downwards: a range in [-1, 1], or x for [-x, x]
   * @param widthFactor the same of the width, to the right
   */
  constructor(heightFactor: Factor, widthFactor: Factor, options: WarpLayerOptions = {}) {
    super(options);
    factorOption('RandomTranslation', 'heightFactor', heightFactor, [-1, 1]);
    factorOption('RandomTranslation', 'widthFactor', widthFactor, [-1, 1]);
    this.heightFactor = heightFactor;
    this.widthFactor = widthFactor;
  }
  protected override transforms(count: number, {height, width}: ImageSize, seed: SeedGenerator): Tensor {
    const part = (factor: Factor) => this.uniform([count], factorOption(this.path, 'factor', factor, [-1, 1]), seed);
    const down = part(this.heightFactor).mul(height);
    const right = part(this.widthFactor).mul(width);
    return matrixOf(count, [1, 0, right.neg(), 0, 1, down.neg()]);
  }
  override getConfig(): Config {
    return {...super.getConfig(), height_factor: this.heightFactor, width_factor: this.widthFactor};
  }
}
