import {type Config, ops, random, type SeedGenerator, type Tensor} from '@keratin/core';
import {checkNumber} from '../../layer/arguments.js';
import {mixed} from './cut-mix.js';
import {type BoundingBoxes, type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';

/** Options of {@link MixUp}. */
export interface MixUpOptions extends RandomImageOptions {
  /** The parameter of the beta distribution of the weights. Default 0.2. */
  alpha?: number | undefined;
}

interface Mixture {
  readonly order: Tensor;
  readonly weight: Tensor;
}

/**
 * Mixes each image of a batch with another, and so their labels (floating, such as one-hot) and masks (Zhang et al., 2018). An image has the
 * bounding boxes of both.
 *
 * @typeParam D what goes in and comes out
 */
export class MixUp<D extends ImageData = Tensor> extends ImageLayer<Mixture, D> {
  readonly alpha: number;
  protected override readonly moves = true;

  constructor(options: MixUpOptions = {}) {
    super(options, ['alpha']);
    this.alpha = checkNumber('MixUp', 'alpha', options.alpha ?? 0.2, 1e-6);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Mixture {
    const n = images.dim(0);
    const order = random.shuffle(ops.arange(n), {seed});
    return {order, weight: random.beta([n, 1, 1, 1], this.alpha, this.alpha, {seed})};
  }
  protected override render(images: Tensor, {order, weight}: Mixture): Tensor {
    return mixed(images, order, weight);
  }
  protected override changeLabels(labels: Tensor, {order, weight}: Mixture): Tensor {
    return mixed(labels, order, weight);
  }
  protected override finishBoxes({boxes, labels}: BoundingBoxes, {order}: Mixture): BoundingBoxes {
    const both = (x: Tensor) => ops.concatenate([x, ops.take(x, order, 0)], 1);
    return {boxes: both(boxes), labels: both(labels)};
  }
  override getConfig(): Config {
    return {...super.getConfig(), alpha: this.alpha, seed: this.seed};
  }
}
