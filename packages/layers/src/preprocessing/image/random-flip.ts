import {type Config, ops, type SeedGenerator, type Tensor} from '@keratin/core';
import {checkChoice} from '../../layer/arguments.js';
import {boxesOf, columnsOf, type ImageSize} from './boxes.js';
import {type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';

const MODES = ['horizontal', 'vertical', 'horizontal_and_vertical'] as const;

/** Which way {@link RandomFlip} flips. */
export type FlipMode = (typeof MODES)[number];

/**
 * Flips each image with probability 1/2: left and right, top and bottom, or both at once.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomFlip<D extends ImageData = Tensor> extends ImageLayer<Tensor<boolean>, D> {
  static override readonly positional = ['mode'];
  readonly mode: FlipMode;
  protected override readonly moves = true;

  constructor(mode: FlipMode = 'horizontal_and_vertical', options: RandomImageOptions = {}) {
    super(options, []);
    this.mode = checkChoice('RandomFlip', 'mode', mode, MODES);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Tensor<boolean> {
    return this.uniform([images.dim(0), 1, 1, 1], [0, 1], seed).lessEqual(0.5);
  }
  protected override render(images: Tensor, flips: Tensor<boolean>): Tensor {
    const axes = {horizontal: [2], vertical: [1], horizontal_and_vertical: [1, 2]}[this.mode];
    return ops.where(flips, ops.flip(images, axes), images);
  }
  protected override moveBoxes(corners: Tensor, flips: Tensor<boolean>, {height, width}: ImageSize): Tensor {
    const [x1, y1, x2, y2] = columnsOf(corners);
    const from = (size: number, edge: Tensor) => edge.neg().add(size);
    const [across, down] = [this.mode !== 'vertical', this.mode !== 'horizontal'];
    const [left, right] = across ? [from(width, x2), from(width, x1)] : [x1, x2];
    const [top, bottom] = down ? [from(height, y2), from(height, y1)] : [y1, y2];
    return ops.where(flips.squeeze(-1), boxesOf([left, top, right, bottom]), corners);
  }
  override getConfig(): Config {
    return {...super.getConfig(), seed: this.seed, mode: this.mode};
  }
}
