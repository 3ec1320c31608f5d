import {ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {isTraced} from '@keratin/core/internal';
import {type DTypePolicyName} from '../../layer/dtype-policy.js';
import {AutoContrast} from './auto-contrast.js';
import {type BoxFormat} from './boxes.js';
import {Equalization} from './equalization.js';
import {type Change, type ImageBatch, type ImageLayer} from './image-layer.js';
import {type Range} from './options.js';
import {RandomBrightness} from './random-brightness.js';
import {RandomColorDegeneration} from './random-color-degeneration.js';
import {RandomContrast} from './random-contrast.js';
import {RandomPosterization} from './random-posterization.js';
import {RandomRotation} from './random-rotation.js';
import {RandomSharpness} from './random-sharpness.js';
import {RandomShear} from './random-shear.js';
import {RandomTranslation} from './random-translation.js';
import {Solarization} from './solarization.js';

/** What the layers of an augmentation share. */
export interface AugmentationOptions {
  readonly factor: Range;
  readonly valueRange: Range;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly boundingBoxFormat: BoxFormat | undefined;
  readonly dtype: DTypePolicyName | undefined;
}

type AnyImageLayer = ImageLayer<unknown, ImageBatch>;

/** The layers that `RandAugment` and `AugMix` choose from: those that change colours without shapes last. */
export function augmentations(options: AugmentationOptions, all: boolean): readonly AnyImageLayer[] {
  const {factor, valueRange, interpolation, boundingBoxFormat, dtype} = options;
  const common = {boundingBoxFormat, dtype};
  const warp = {interpolation, ...common};
  const color = {valueRange, ...common};
  const first: AnyImageLayer[] = [
    new RandomShear<ImageBatch>({xFactor: factor, yFactor: factor, ...warp}),
    new RandomTranslation<ImageBatch>(factor, factor, warp),
    new RandomRotation<ImageBatch>(factor, warp),
    new RandomPosterization<ImageBatch>(Math.max(1, Math.trunc(8 * factor[1])), color),
    new Solarization<ImageBatch>({additionFactor: factor, thresholdFactor: factor, ...color}),
    new AutoContrast<ImageBatch>(color),
    new Equalization<ImageBatch>(color),
  ];
  if (!all) return first;
  return [
    ...first,
    new RandomBrightness<ImageBatch>(factor, color),
    new RandomColorDegeneration<ImageBatch>(factor, color),
    new RandomContrast<ImageBatch>(factor, color),
    new RandomSharpness<ImageBatch>(factor, color),
  ];
}

/** One of several layers. */
export interface Choice {
  /** Which one; the number of layers stands for none. */
  readonly index: Tensor;
  readonly changes: readonly Change[];
}

/** Draws for each layer, so that how much is drawn does not depend on the choice. */
export function choice(layers: readonly AnyImageLayer[], index: Tensor, images: Tensor, seed: SeedGenerator): Choice {
  return {index, changes: layers.map((layer) => layer.drawnAlone(images, seed))};
}

/** What the chosen layer does. A compiled program does not know which it will be: it computes all and selects, as Keras does. */
export function chosen({index, changes}: Choice, x: Tensor, run: (change: Change, x: Tensor) => Tensor): Tensor {
  if (isTraced(index)) return changes.reduce((y, change, i) => ops.where(index.equal(i), run(change, x), y), x);
  const change = changes[index.item()];
  return change === undefined ? x : run(change, x);
}
