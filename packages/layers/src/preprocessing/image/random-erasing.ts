import {type Config, ops, random, type SeedGenerator, tensor, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData, sizesOf} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';
import {inside} from './regions.js';

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions extends ColorOptions {
  /** How likely a part of an image is erased: a range that the probability is drawn from, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
  /** Squares of the parts of height and width that are erased: a range in [0, 1], or x for [0, x]. Default [0.02, 0.33]. */
  scale?: Factor | undefined;
  /** What stands there then: a value, or one for each channel. Default: normal noise. */
  fillValue?: number | readonly number[] | null | undefined;
}

interface Erasure {
  readonly pixels: Tensor<boolean>;
  readonly filling: Tensor;
}

/**
 * Erases a rectangle of some images (Zhong et al., 2017).
 *
 * @typeParam D what goes in and comes out
 */
export class RandomErasing<D extends ImageData = Tensor> extends FactorLayer<Erasure, D> {
  readonly scale: Range;
  readonly fillValue: number | readonly number[] | null;

  constructor(options: RandomErasingOptions = {}) {
    super(options.factor ?? 1, [0, 1], options, ['factor', 'scale', 'fillValue']);
    const {fillValue = null} = options;
    this.scale = factorOption('RandomErasing', 'scale', options.scale ?? [0.02, 0.33], [0, 1]);
    if (fillValue !== null && ![fillValue].flat().every((n) => typeof n === 'number')) {
      throw new ValueError(
        `RandomErasing: fillValue must be a number or one for each channel, got ${describe(fillValue)}`,
      );
    }
    this.fillValue = fillValue;
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Erasure {
    const [n, height, width] = sizesOf(images);
    const shape = [n, 1, 1, 1];
    const bounds = (size: number): [Tensor, Tensor] => {
      const length = ops.sqrt(this.uniform(shape, this.scale, seed)).mul(size);
      const start = this.uniform(shape, [0, 1], seed).mul(length.neg().add(size));
      return [start, start.add(length)];
    };
    const [left, right] = bounds(width);
    const [top, bottom] = bounds(height);
    const chosen = this.chosen(n, this.factor, seed);
    const filling =
      this.fillValue === null ? random.normal(sizesOf(images), {seed}).mul(this.valueRange[1]) : tensor(this.fillValue);
    return {
      pixels: inside({left, right, top, bottom}, height, width).logicalAnd(chosen),
      filling: this.within(filling),
    };
  }
  protected override render(images: Tensor, {pixels, filling}: Erasure): Tensor {
    return ops.where(pixels, this.like(filling, images), images);
  }
  override getConfig(): Config {
    return {...super.getConfig(), scale: this.scale, fill_value: this.fillValue};
  }
}
