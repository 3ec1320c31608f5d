import {type Config, type SeedGenerator, type Tensor} from '@keratin/core';
import {AffineLayer, matrixOf, type WarpLayerOptions} from './affine-layer.js';
import {type ImageSize} from './boxes.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/** Options of {@link RandomZoom}. */
export interface RandomZoomOptions extends WarpLayerOptions {
  /** Like the height's factor, of the width. Default: the same as the height's, so that the aspect ratio stays. */
  widthFactor?: Factor | null | undefined;
}

/**
 * Zooms images around their centre by random factors.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomZoom<D extends ImageData = Tensor> extends AffineLayer<D> {
  static override readonly positional = ['heightFactor'];
  readonly heightFactor: Factor;
  readonly widthFactor: Factor | null;
  readonly #ranges: readonly [height: Range, width: Range | null];

  /** @param heightFactor how much more is seen: a range in (-1, 1] (negative zooms in), or x for [-x, x] */
  constructor(heightFactor: Factor, options: RandomZoomOptions = {}) {
    super(options, ['widthFactor']);
    const {widthFactor = null} = options;
    const range = (name: string, factor: Factor): Range => {
      const [low, high] = factorOption('RandomZoom', name, factor, [-1, 1]);
      return [1 + low, 1 + high];
    };
    this.#ranges = [
      range('heightFactor', heightFactor),
      widthFactor === null ? null : range('widthFactor', widthFactor),
    ];
    this.heightFactor = heightFactor;
    this.widthFactor = widthFactor;
  }
  protected override transforms(count: number, {height, width}: ImageSize, seed: SeedGenerator): Tensor {
    const [tall, wide] = this.#ranges;
    const y = this.uniform([count], tall, seed);
    const x = wide === null ? y : this.uniform([count], wide, seed);
    const offset = (zoom: Tensor, size: number) =>
      zoom
        .neg()
        .add(1)
        .mul((size - 1) / 2);
    return matrixOf(count, [x, 0, offset(x, width), 0, y, offset(y, height)]);
  }
  override getConfig(): Config {
    return {...super.getConfig(), height_factor: this.heightFactor, width_factor: this.widthFactor};
  }
}
