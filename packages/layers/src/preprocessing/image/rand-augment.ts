import {type Config, random, type SeedGenerator, type Tensor} from '@keratin/core';
import {checkChoice, checkCount} from '../../layer/arguments.js';
import {augmentations, choice, type Choice, chosen} from './augmentations.js';
import {type ImageSize} from './boxes.js';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type Content, type ImageBatch, type ImageData, type ImageLayer} from './image-layer.js';
import {type Factor} from './options.js';

/** Options of {@link RandAugment}. */
export interface RandAugmentOptions extends ColorOptions {
  /** How many transformations follow each other. Default 2. */
  numOps?: number | undefined;
  /** How strong they are: a range in [0, 1], or x for [0, x]. Default 0.5. */
  factor?: Factor | undefined;
  /** Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

/**
 * Randomly chosen transformations of shapes and colours, the same kinds for a whole batch (Cubuk et al., 2020).
 *
 * @typeParam D what goes in and comes out
 */
export class RandAugment<D extends ImageData = Tensor> extends FactorLayer<readonly Choice[], D> {
  readonly numOps: number;
  readonly interpolation: 'nearest' | 'bilinear';
  /** @internal */
  readonly choices: readonly ImageLayer<unknown, ImageBatch>[];
  protected override readonly moves = true;

  constructor(options: RandAugmentOptions = {}) {
    super(options.factor ?? 0.5, [0, 1], options, ['numOps', 'factor', 'interpolation']);
    this.numOps = checkCount('RandAugment', 'numOps', options.numOps ?? 2);
    this.interpolation = checkChoice('RandAugment', 'interpolation', options.interpolation ?? 'bilinear', [
      'nearest',
      'bilinear',
    ]);
    const {factor, valueRange, interpolation} = this;
    const {dtype} = options;
    this.choices = augmentations({factor, valueRange, interpolation, boundingBoxFormat: 'xyxy', dtype}, true);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): readonly Choice[] {
    const indices = random.randint([this.numOps], 0, this.choices.length, {seed});
    return Array.from({length: this.numOps}, (_, i) => choice(this.choices, indices.at(i), images, seed));
  }
  protected override render(images: Tensor, steps: readonly Choice[], content: Content): Tensor {
    return steps.reduce((x, step) => chosen(step, x, (change, y) => change.render(y, content)), images);
  }
  protected override moveBoxes(corners: Tensor, steps: readonly Choice[], size: ImageSize): Tensor {
    return steps.reduce((x, step) => chosen(step, x, (change, y) => change.moveBoxes(y, size)), corners);
  }
  override getConfig(): Config {
    return {...super.getConfig(), num_ops: this.numOps, interpolation: this.interpolation};
  }
}
