import {type Config, type SeedGenerator, type Tensor} from '@keratin/core';
import {ColorLayer, type ColorOptions} from './color-layer.js';
import {type ImageBatch, type ImageData, type ImageLayer} from './image-layer.js';
import {type Factor} from './options.js';
import {RandomBrightness} from './random-brightness.js';
import {RandomContrast} from './random-contrast.js';
import {RandomHue} from './random-hue.js';
import {RandomSaturation} from './random-saturation.js';

/** Options of {@link RandomColorJitter}. */
export interface RandomColorJitterOptions extends ColorOptions {
  /** As of `RandomBrightness`; null, the default, for none. */
  brightnessFactor?: Factor | null | undefined;
  /** As of `RandomContrast`. */
  contrastFactor?: Factor | null | undefined;
  /** As of `RandomSaturation`. */
  saturationFactor?: Factor | null | undefined;
  /** As of `RandomHue`. */
  hueFactor?: Factor | null | undefined;
}

/**
 * Changes brightness, contrast, saturation and hue of images, one after the other.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomColorJitter<D extends ImageData = Tensor> extends ColorLayer<SeedGenerator, D> {
  readonly brightnessFactor: Factor | null;
  readonly contrastFactor: Factor | null;
  readonly saturationFactor: Factor | null;
  readonly hueFactor: Factor | null;
  /** @internal */
  readonly steps: readonly ImageLayer<unknown, ImageBatch>[];

  constructor(options: RandomColorJitterOptions = {}) {
    super(options, ['brightnessFactor', 'contrastFactor', 'saturationFactor', 'hueFactor']);
    const {brightnessFactor = null, contrastFactor = null, saturationFactor = null, hueFactor = null} = options;
    this.brightnessFactor = brightnessFactor;
    this.contrastFactor = contrastFactor;
    this.saturationFactor = saturationFactor;
    this.hueFactor = hueFactor;
    const {valueRange, seed, dtype} = options;
    const inner = {valueRange, seed, dtype};
    this.steps = [
      ...(brightnessFactor === null ? [] : [new RandomBrightness<ImageBatch>(brightnessFactor, inner)]),
      ...(contrastFactor === null ? [] : [new RandomContrast<ImageBatch>(contrastFactor, inner)]),
      ...(saturationFactor === null ? [] : [new RandomSaturation<ImageBatch>(saturationFactor, inner)]),
      ...(hueFactor === null ? [] : [new RandomHue<ImageBatch>(hueFactor, inner)]),
    ];
  }
  protected override draw(_images: Tensor, seed: SeedGenerator): SeedGenerator {
    return seed;
  }
  protected override render(images: Tensor, seed: SeedGenerator): Tensor {
    return this.steps.reduce((x, layer) => layer.transform({images: x}, true, seed).images, images);
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      brightness_factor: this.brightnessFactor,
      contrast_factor: this.contrastFactor,
      saturation_factor: this.saturationFactor,
      hue_factor: this.hueFactor,
      seed: this.seed,
    };
  }
}
