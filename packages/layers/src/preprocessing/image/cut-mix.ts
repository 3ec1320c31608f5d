import {type Config, ops, random, type SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {type ImageData, ImageLayer, type RandomImageOptions, sizesOf} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';
import {inside} from './regions.js';

/** Options of {@link CutMix}. */
export interface CutMixOptions extends RandomImageOptions {
  /** The parameter of the beta distribution of the part that stays: a range, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
}

interface Mixture {
  readonly order: Tensor;
  readonly pixels: Tensor<boolean>;
  /** How much of each image stays: (n, 1, 1, 1). */
  readonly weight: Tensor;
}

/**
 * Puts a rectangle of another image of the batch into each, and mixes labels (floating, such as one-hot) by area (Yun et al., 2019). A
 * single image stays.
 *
 * @typeParam D what goes in and comes out
 */
export class CutMix<D extends ImageData = Tensor> extends ImageLayer<Mixture, D> {
  readonly factor: Range;
  protected override readonly moves = true;

  constructor(options: CutMixOptions = {}) {
    super(options, ['factor']);
    this.factor = factorOption('CutMix', 'factor', options.factor ?? 1, [0, 1]);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Mixture {
    const [n, height, width] = sizesOf(images);
    const alpha = this.uniform([], this.factor, seed).add(1e-6);
    const kept = random.beta([n, 1, 1, 1], alpha, alpha, {seed});
    const ratio = ops.sqrt(kept.neg().add(1));
    const bounds = (size: number): [Tensor, Tensor] => {
      const length = ratio.mul(size);
      const start = this.uniform([n, 1, 1, 1], [0, 1], seed).mul(length.neg().add(size));
      return [start, start.add(length)];
    };
    const [left, right] = bounds(width);
    const [top, bottom] = bounds(height);
    const area = right
      .sub(left)
      .mul(bottom.sub(top))
      .div(width * height);
    const order = random.shuffle(ops.arange(n), {seed});
    return {order, pixels: inside({left, right, top, bottom}, height, width), weight: area.neg().add(1)};
  }
  protected override render(images: Tensor, {order, pixels}: Mixture): Tensor {
    return ops.where(pixels, ops.take(images, order, 0), images);
  }
  protected override changeLabels(labels: Tensor, {order, weight}: Mixture): Tensor {
    return mixed(labels, order, weight);
  }
  protected override moveBoxes(): Tensor {
    throw new ValueError(`${this.path}: CutMix has no rule for bounding boxes`);
  }
  override getConfig(): Config {
    return {...super.getConfig(), factor: this.factor, seed: this.seed};
  }
}

/** Labels (n, ...) mixed with those of other images; integers become float32. */
export function mixed(labels: Tensor, order: Tensor, weight: Tensor): Tensor {
  const x = labels.dtype.includes('float') ? labels : ops.cast(labels, 'float32');
  const share = ops.cast(weight, x.dtype).reshape([-1, ...new Array<number>(x.ndim - 1).fill(1)]);
  return x.mul(share).add(ops.take(x, order, 0).mul(share.neg().add(1)));
}
