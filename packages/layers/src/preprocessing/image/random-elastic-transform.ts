import {type Config, ops, type SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {checkChoice, checkNumber} from '../../layer/arguments.js';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type Content, type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

const MODES = ['constant', 'nearest', 'wrap', 'reflect'] as const;

/** Options of {@link RandomElasticTransform}. */
export interface RandomElasticTransformOptions extends ColorOptions {
  /** How likely an image is deformed: a range that the probability is drawn from, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
  /** How strong, from 0 to 1: a range, or x for [0, x]. Default 1. */
  scale?: Factor | undefined;
  /** Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /** What is beyond the borders. Default `'reflect'`. */
  fillMode?: (typeof MODES)[number] | undefined;
  /** With `'constant'`: the value beyond the borders. Default 0. */
  fillValue?: number | undefined;
}

interface Deformation {
  readonly chosen: Tensor<boolean>;
  readonly strength: number;
  /** One for images and masks, which move alike. */
  readonly seed: number;
}

/**
 * Deforms some images by a smooth random field (Simard et al., 2003).
 *
 * @typeParam D what goes in and comes out
 */
export class RandomElasticTransform<D extends ImageData = Tensor> extends FactorLayer<Deformation, D> {
  readonly scale: Range;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillMode: (typeof MODES)[number];
  readonly fillValue: number;
  protected override readonly moves = true;

  constructor(options: RandomElasticTransformOptions = {}) {
    super(options.factor ?? 1, [0, 1], options, ['factor', 'scale', 'interpolation', 'fillMode', 'fillValue']);
    const where = 'RandomElasticTransform';
    this.scale = factorOption(where, 'scale', options.scale ?? 1, [0, 1]);
    this.interpolation = checkChoice(where, 'interpolation', options.interpolation ?? 'bilinear', [
      'nearest',
      'bilinear',
    ]);
    this.fillMode = checkChoice(where, 'fillMode', options.fillMode ?? 'reflect', MODES);
    this.fillValue = checkNumber(where, 'fillValue', options.fillValue ?? 0);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Deformation | null {
    if (this.scale[1] === 0 || this.factor[1] === 0) return null;
    const chosen = this.chosen(images.dim(0), this.factor, seed);
    const strength = this.uniform([], this.scale, seed).item();
    return {chosen, strength, seed: Math.floor(this.uniform([], [0, 1], seed).item() * 2 ** 24)};
  }
  protected override render(images: Tensor, {chosen, strength, seed}: Deformation, content: Content): Tensor {
    const [height, width] = [images.dim(1), images.dim(2)];
    const isMask = content === 'masks';
    const deformed = ops.image.elasticTransform(images, {
      alpha: Math.max(height, width) * 0.1 * strength,
      sigma: Math.max(Math.min(height, width) * 0.05 * strength, 1e-6),
      interpolation: isMask ? 'nearest' : this.interpolation,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
      seed,
    });
    const done = ops.where(chosen, deformed, images);
    return isMask ? done : this.within(done);
  }
  protected override moveBoxes(): Tensor {
    throw new ValueError(`${this.path}: an elastic deformation has no rule for bounding boxes`);
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      scale: this.scale,
      interpolation: this.interpolation,
      fill_mode: this.fillMode,
      fill_value: this.fillValue,
    };
  }
}
