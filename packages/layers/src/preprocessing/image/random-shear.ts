import {type Config, ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {AffineLayer, matrixOf, type WarpLayerOptions} from './affine-layer.js';
import {type ImageSize} from './boxes.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/** Options of {@link RandomShear}. */
export interface RandomShearOptions extends WarpLayerOptions {
  /** How far rows slide for each pixel downwards: a range in [0, 1], or x for [-x, x]. Default 0. */
  xFactor?: Factor | undefined;
  /** How far columns slide for each pixel to the right. Default 0. */
  yFactor?: Factor | undefined;
}

// Keras's rule: a number gives both directions, a list must not be negative; a config holds what a number gave.
function shearOption(name: string, value: unknown): Range {
  const [low, high] = factorOption('RandomShear', name, value, [-1, 1]);
  if (typeof value === 'number') factorOption('RandomShear', name, value, [0, 1]);
  else if (low !== -high) factorOption('RandomShear', name, value, [0, 1]);
  return [low, high];
}

/**
 * Slants images by random factors to either side.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomShear<D extends ImageData = Tensor> extends AffineLayer<D> {
  readonly xFactor: Range;
  readonly yFactor: Range;

  constructor(options: RandomShearOptions = {}) {
    super(options, ['xFactor', 'yFactor']);
    this.xFactor = shearOption('xFactor', options.xFactor ?? 0);
    this.yFactor = shearOption('yFactor', options.yFactor ?? 0);
  }
  protected override transforms(count: number, _size: ImageSize, seed: SeedGenerator): Tensor {
    const side = ops.where(this.uniform([count], [0, 1], seed).greater(0.5), -1, ops.ones([count]));
    const y = this.uniform([count], this.yFactor, seed).mul(side);
    const x = this.uniform([count], this.xFactor, seed).mul(side);
    return matrixOf(count, [1, x, 0, y, 1, 0]);
  }
  override getConfig(): Config {
    return {...super.getConfig(), x_factor: this.xFactor, y_factor: this.yFactor};
  }
}
