import {type Config, ops, type SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type ImageData} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/** Options of {@link RandomGaussianBlur}. */
export interface RandomGaussianBlurOptions extends ColorOptions {
  /** How likely an image is blurred: a range that the probability is drawn from, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
  /** Pixels of the window, odd: one number or [height, width]. Default 3. */
  kernelSize?: number | readonly [number, number] | undefined;
  /** The deviation in pixels: a range in [0, 1], or x for [0, x]. Default 1. */
  sigma?: Factor | undefined;
}

interface Blur {
  readonly chosen: Tensor<boolean>;
  readonly sigma: Tensor;
}

/**
 * Blurs some images with a Gaussian window; all of a batch with the same.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomGaussianBlur<D extends ImageData = Tensor> extends FactorLayer<Blur, D> {
  readonly kernelSize: readonly [number, number];
  readonly sigma: Range;

  constructor(options: RandomGaussianBlurOptions = {}) {
    super(options.factor ?? 1, [0, 1], options, ['factor', 'kernelSize', 'sigma']);
    const where = 'RandomGaussianBlur';
    const {kernelSize = 3} = options;
    const size = typeof kernelSize === 'number' ? ([kernelSize, kernelSize] as const) : kernelSize;
    const list: readonly number[] = size;
    if (list.length !== 2 || !list.every((n) => Number.isInteger(n) && n > 0 && n % 2 === 1)) {
      throw new ValueError(`${where}: kernelSize must be an odd number or two of them, got ${describe(kernelSize)}`);
    }
    this.kernelSize = size;
    this.sigma = factorOption(where, 'sigma', options.sigma ?? 1, [0, 1]);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Blur {
    const chosen = this.chosen(images.dim(0), this.factor, seed);
    return {chosen, sigma: this.uniform([2], this.sigma, seed).add(1e-6)};
  }
  protected override render(images: Tensor, {chosen, sigma}: Blur): Tensor {
    const channels = images.dim(3);
    const window = ([0, 1] as const).map((i) => {
      const size = this.kernelSize[i];
      const at = ops.arange(size).sub((size - 1) / 2);
      const weights = ops.exp(ops.square(ops.cast(at, 'float32').div(sigma.at(i))).mul(-0.5));
      const shape = i === 0 ? [size, 1, 1, 1] : [1, size, 1, 1];
      return this.like(weights.div(ops.sum(weights)).reshape(shape).tile([1, 1, channels, 1]), images);
    });
    const blurred = window.reduce((x, one) => ops.depthwiseConv(x, one, {padding: 'same'}), images);
    return this.within(ops.where(chosen, blurred, images));
  }
  override getConfig(): Config {
    return {...super.getConfig(), kernel_size: this.kernelSize, sigma: this.sigma};
  }
}
