import {type Config, ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {ColorLayer, type ColorOptions, ranged} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/** Options of {@link Solarization}. */
export interface SolarizationOptions extends ColorOptions {
  /** What is added, in parts of the value range: a range in [0, 1], or x for [0, x]. Default 0. */
  additionFactor?: Factor | undefined;
  /** Where inversion begins, in parts of the value range: a range in [0, 1], or x for [0, x]. Default 0. */
  thresholdFactor?: Factor | undefined;
}

interface Amounts {
  readonly additions: Tensor;
  readonly thresholds: Tensor;
}

/**
 * Inverts the pixels from a random threshold on, after a random addition.
 *
 * @typeParam D what goes in and comes out
 */
export class Solarization<D extends ImageData = Tensor> extends ColorLayer<Amounts, D> {
  readonly additionFactor: Range;
  readonly thresholdFactor: Range;

  constructor(options: SolarizationOptions = {}) {
    super(options, ['additionFactor', 'thresholdFactor']);
    this.additionFactor = factorOption('Solarization', 'additionFactor', options.additionFactor ?? 0, [0, 1]);
    this.thresholdFactor = factorOption('Solarization', 'thresholdFactor', options.thresholdFactor ?? 0, [0, 1]);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Amounts {
    const amount = ([low, high]: Range) => this.uniform([images.dim(0), 1, 1, 1], [low, high * 255], seed);
    return {additions: amount(this.additionFactor), thresholds: amount(this.thresholdFactor)};
  }
  protected override render(images: Tensor, {additions, thresholds}: Amounts): Tensor {
    const x = ranged(images, this.valueRange, [0, 255]).add(this.like(additions, images));
    const bounded = ops.clip(x, 0, 255);
    const turned = ops.where(bounded.less(this.like(thresholds, images)), bounded, bounded.neg().add(255));
    return ranged(turned, [0, 255], this.valueRange);
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      addition_factor: this.additionFactor,
      threshold_factor: this.thresholdFactor,
      seed: this.seed,
    };
  }
}
