import {type Config, ops, ShapeError, type Tensor} from '@keratin/core';
import {show} from '@keratin/core/internal';
import {type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';
import {type Factor, factorOption, type Range, valueRangeOption} from './options.js';

/** Options of layers that change colours. */
export interface ColorOptions extends RandomImageOptions {
  /** The least and greatest value of pixels. Default [0, 255]. */
  valueRange?: readonly [number, number] | undefined;
}

/** Values of one range in another. */
export function ranged(x: Tensor, [a, b]: Range, [low, high]: Range): Tensor {
  if (a === low && b === high) return x;
  return x
    .sub(a)
    .div(b - a)
    .mul(high - low)
    .add(low);
}

/** Base of layers that change colours: boxes and masks stay. */
export abstract class ColorLayer<T, D extends ImageData = Tensor> extends ImageLayer<T, D> {
  readonly valueRange: Range;

  constructor(options: ColorOptions, ownOptions: readonly string[] = [], hasSeed = true) {
    super(options, ['valueRange', ...ownOptions], hasSeed);
    this.valueRange = valueRangeOption(new.target.name, options.valueRange);
  }
  /** Within the value range. */
  protected within(x: Tensor): Tensor {
    return ops.clip(x, ...this.valueRange);
  }
  /** For layers of colours: there must be three channels. */
  protected checkColors(images: Tensor): void {
    if (images.dim(3) !== 3) {
      throw new ShapeError(
        `${this.path}: images must have 3 channels, got (n,height,width,channels) ${show(images.shape)}`,
      );
    }
  }
  override getConfig(): Config {
    return {...super.getConfig(), value_range: this.valueRange};
  }
}

/** Base of layers that draw how strong they are. */
export abstract class FactorLayer<T, D extends ImageData = Tensor> extends ColorLayer<T, D> {
  readonly factor: Range;

  constructor(factor: Factor, bounds: Range, options: ColorOptions, ownOptions: readonly string[] = []) {
    super(options, ownOptions);
    this.factor = factorOption(new.target.name, 'factor', factor, bounds);
  }
  override getConfig(): Config {
    return {...super.getConfig(), factor: this.factor, seed: this.seed};
  }
}
