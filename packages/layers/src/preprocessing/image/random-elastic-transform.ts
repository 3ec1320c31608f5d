import {type Config, ops, random, type SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {displaced} from '@keratin/core/internal';
import {checkChoice, checkNumber} from '../../layer/arguments.js';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type Content, type ImageData, sizesOf} from './image-layer.js';
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
  /** How far pixels move (2 n, height, width, 1): down, then to the right. One for images and masks, which move alike. */
  readonly field: Tensor;
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
    const [n, height, width] = sizesOf(images);
    const chosen = this.chosen(n, this.factor, seed);
    const strength = this.uniform([], this.scale, seed);
    // Normal noise of deviation sigma, blurred with sigma, times alpha.
    const [alpha, sigma] = [Math.max(height, width) * 0.1, Math.min(height, width) * 0.05];
    const deviation = strength.mul(sigma).maximum(1e-6);
    const noise = random.normal([2 * n, height, width, 1], {seed}).mul(deviation);
    const window = gaussian(Math.trunc(sigma * this.scale[1]), deviation);
    const size = window.dim(0);
    const blurred = [
      [size, 1, 1, 1],
      [1, size, 1, 1],
    ].reduce((x, shape) => ops.depthwiseConv(x, window.reshape(shape), {padding: 'same'}), noise);
    return {chosen, field: blurred.mul(strength.mul(alpha))};
  }
  protected override render(images: Tensor, {chosen, field}: Deformation, content: Content): Tensor {
    const isMask = content === 'masks';
    const deformed = displaced(images, field, {
      interpolation: isMask ? 'nearest' : this.interpolation,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
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

/** exp(-x^2 / (2 sigma^2)) at -3 s..3 s with sum 1, for the whole part s of sigma, of which `most` is the largest. */
function gaussian(most: number, sigma: Tensor): Tensor {
  const at = ops.cast(ops.arange(6 * most + 1).sub(3 * most), 'float32');
  const weights = ops.exp(ops.square(at.div(sigma)).mul(-0.5));
  const within = ops.where(at.abs().lessEqual(ops.floor(sigma).mul(3)), weights, 0);
  return within.div(ops.sum(within));
}
