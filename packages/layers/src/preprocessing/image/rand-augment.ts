import {type Config, random, SeedGenerator, type Tensor} from '@keratin/core';
import {checkChoice, checkCount} from '../../layer/arguments.js';
import {augmentations} from './augmentations.js';
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

/** A layer that was chosen, and the seed of its own draws. */
interface Step {
  readonly layer: ImageLayer<unknown, ImageBatch>;
  readonly seed: number;
}

/**
 * Randomly chosen transformations of shapes and colours, the same kinds for a whole batch (Cubuk et al., 2020).
 *
 * @typeParam D what goes in and comes out
 */
export class RandAugment<D extends ImageData = Tensor> extends FactorLayer<readonly Step[], D> {
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
  protected override draw(_images: Tensor, seed: SeedGenerator): readonly Step[] {
    const indices = random.randint([this.numOps], 0, this.choices.length, {seed}).array(1);
    const seeds = random.randint([this.numOps], 0, 2 ** 24, {seed}).array(1);
    return indices.flatMap((index, i) => {
      const layer = this.choices[index];
      return layer === undefined ? [] : [{layer, seed: seeds[i] ?? 0}];
    });
  }
  protected override render(images: Tensor, steps: readonly Step[], content: Content): Tensor {
    return steps.reduce((x, step) => rendered(x, step, content), images);
  }
  protected override moveBoxes(corners: Tensor, steps: readonly Step[], size: ImageSize): Tensor {
    return steps.reduce((boxes, {layer, seed}) => layer.movedBoxes(boxes, size, new SeedGenerator(seed)), corners);
  }
  override getConfig(): Config {
    return {...super.getConfig(), num_ops: this.numOps, interpolation: this.interpolation};
  }
}

/** Images or masks through a layer; both draw from one seed, so that they move alike. */
export function rendered(x: Tensor, {layer, seed}: Step, content: Content): Tensor {
  return layer.renderedAlone(x, content, new SeedGenerator(seed));
}

export type {Step};
