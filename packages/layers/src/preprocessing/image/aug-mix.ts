import {type Config, ops, random, type SeedGenerator, type Tensor} from '@keratin/core';
import {checkBoolean, checkChoice, checkCount, checkNumber} from '../../layer/arguments.js';
import {augmentations, choice, type Choice, chosen} from './augmentations.js';
import {type ColorOptions, FactorLayer} from './color-layer.js';
import {type Content, type ImageBatch, type ImageData, type ImageLayer} from './image-layer.js';
import {type Factor} from './options.js';

/** Options of {@link AugMix}. */
export interface AugMixOptions extends ColorOptions {
  /** How many chains of transformations are mixed. Default 3. */
  numChains?: number | undefined;
  /** The most transformations of a chain. Default 3. */
  chainDepth?: number | undefined;
  /** How strong they are: a range in [0, 1], or x for [0, x]. Default 0.3. */
  factor?: Factor | undefined;
  /** The parameter of the distributions of the weights. Default 1. */
  alpha?: number | undefined;
  /** Whether brightness, colour, contrast and sharpness change too. Default true. */
  allOps?: boolean | undefined;
  /** Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
}

interface Mixture {
  readonly chains: readonly (readonly Choice[])[];
  /** Of each chain. */
  readonly weights: Tensor;
  /** Of the images as they are. */
  readonly kept: Tensor;
}

/**
 * Mixes images with several chains of random transformations of them (Hendrycks et al., 2020).
 *
 * @typeParam D what goes in and comes out
 */
export class AugMix<D extends ImageData = Tensor> extends FactorLayer<Mixture, D> {
  readonly numChains: number;
  readonly chainDepth: number;
  readonly alpha: number;
  readonly allOps: boolean;
  readonly interpolation: 'nearest' | 'bilinear';
  /** @internal */
  readonly choices: readonly ImageLayer<unknown, ImageBatch>[];

  constructor(options: AugMixOptions = {}) {
    super(options.factor ?? 0.3, [0, 1], options, [
      'numChains',
      'chainDepth',
      'factor',
      'alpha',
      'allOps',
      'interpolation',
    ]);
    const where = 'AugMix';
    this.numChains = checkCount(where, 'numChains', options.numChains ?? 3);
    this.chainDepth = checkCount(where, 'chainDepth', options.chainDepth ?? 3);
    this.alpha = checkNumber(where, 'alpha', options.alpha ?? 1, 1e-6);
    this.allOps = checkBoolean(where, 'allOps', options.allOps ?? true);
    this.interpolation = checkChoice(where, 'interpolation', options.interpolation ?? 'bilinear', [
      'nearest',
      'bilinear',
    ]);
    const {factor, valueRange, interpolation} = this;
    const {dtype} = options;
    this.choices = augmentations({factor, valueRange, interpolation, boundingBoxFormat: undefined, dtype}, this.allOps);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Mixture {
    const parts = random.gamma([this.numChains], this.alpha, {seed});
    const kept = random.beta([], this.alpha, this.alpha, {seed});
    const shape = [this.numChains, this.chainDepth];
    // One index more stands for no transformation.
    const indices = random.randint(shape, 0, this.choices.length + 1, {seed});
    const chains = Array.from({length: this.numChains}, (_, i) =>
      Array.from({length: this.chainDepth}, (_, j) => choice(this.choices, indices.at(i, j), images, seed)),
    );
    return {chains, weights: parts.div(ops.sum(parts)), kept};
  }
  protected override render(images: Tensor, {chains, weights, kept}: Mixture, content: Content): Tensor {
    const mixture = chains
      .map((steps, i) => {
        const done = steps.reduce((x, step) => chosen(step, x, (change, y) => change.render(y, content)), images);
        return done.mul(this.like(weights.at(i), images));
      })
      .reduce((a, b) => a.add(b));
    const share = this.like(kept, images);
    return this.within(images.mul(share).add(mixture.mul(share.neg().add(1))));
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_chains: this.numChains,
      chain_depth: this.chainDepth,
      alpha: this.alpha,
      all_ops: this.allOps,
      interpolation: this.interpolation,
    };
  }
}
