import {type Config, ops, random, SeedGenerator, type Shape, type Tensor} from '@keratin/core';
import {concrete, isSymbolic} from '@keratin/core/internal';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {checkNoiseShape, seedOption} from './seed-option.js';

/** Options of the layers that add noise. */
export interface NoiseOptions extends LayerOptions {
  /** An integer makes the sequence of noise reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** Base of the layers that disturb their inputs while training and pass them on otherwise. */
abstract class Noise extends Layer {
  readonly seed: number | null;
  /** @internal */
  readonly seedGenerator: SeedGenerator;

  constructor(where: string, options: NoiseOptions, ownOptions: readonly string[] = []) {
    super(options, ['seed', ...ownOptions]);
    this.seed = seedOption(where, options.seed);
    this.seedGenerator = new SeedGenerator(this.seed ?? undefined);
    this.supportsMasking = true;
    this.buildAtInit();
  }

  /** How strong the noise is; 0 leaves inputs as they are. */
  protected abstract readonly strength: number;

  /** The inputs with noise. */
  protected abstract disturb(x: Tensor, seed: SeedGenerator): Tensor;

  override call(x: Tensor, {training}: CallOptions): Tensor {
    return training === true && this.strength > 0 && !isSymbolic(x) ? this.disturb(x, this.seedGenerator) : x;
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
}

/** Adds normal noise of a standard deviation while training. */
export class GaussianNoise extends Noise {
  static override readonly positional = ['stddev'];
  readonly stddev: number;
  protected readonly strength: number;

  /** @param stddev from 0 to 1 */
  constructor(stddev: number, options: NoiseOptions = {}) {
    super('GaussianNoise', options);
    this.stddev = checkNumber('GaussianNoise', 'stddev', stddev, 0, 1);
    this.strength = stddev;
  }
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    return x.add(random.normal(concrete(x.shape), {stddev: this.stddev, dtype: x.dtype, seed}));
  }
  override getConfig(): Config {
    return {...super.getConfig(), stddev: this.stddev, seed: this.seed};
  }
}

/** Multiplies by normal noise around 1, of standard deviation sqrt(rate / (1 - rate)), while training. */
export class GaussianDropout extends Noise {
  static override readonly positional = ['rate'];
  readonly rate: number;
  protected readonly strength: number;

  /** @param rate from 0 to 1, as of `Dropout` */
  constructor(rate: number, options: NoiseOptions = {}) {
    super('GaussianDropout', options);
    this.rate = checkNumber('GaussianDropout', 'rate', rate, 0, 1);
    this.strength = rate;
  }
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    return x.mul(random.normal(concrete(x.shape), {mean: 1, stddev, dtype: x.dtype, seed}));
  }
  override getConfig(): Config {
    return {...super.getConfig(), rate: this.rate, seed: this.seed};
  }
}

/** Options of {@link AlphaDropout}. */
export interface AlphaDropoutOptions extends NoiseOptions {
  /** Sizes of 1 share one decision along that axis; null takes the input's size. Default: one decision for each element. */
  noiseShape?: Shape | null | undefined;
}

// What selu tends to for very negative inputs: -alpha * scale.
const SATURATED = -1.6732632423543772 * 1.0507009873554805;

/**
 * Dropout that keeps mean and variance of what `selu` gives: dropped elements take selu's lowest value, and all are scaled and shifted
 * (Klambauer et al., 2017).
 */
export class AlphaDropout extends Noise {
  static override readonly positional = ['rate'];
  readonly rate: number;
  readonly noiseShape: Shape | null;
  protected readonly strength: number;

  constructor(rate: number, options: AlphaDropoutOptions = {}) {
    super('AlphaDropout', options, ['noiseShape']);
    this.rate = checkNumber('AlphaDropout', 'rate', rate, 0, 1);
    this.noiseShape = checkNoiseShape('AlphaDropout', options.noiseShape);
    this.strength = rate;
  }
  protected override disturb(x: Tensor, seed: SeedGenerator): Tensor {
    const {rate} = this;
    const shape = concrete(x.shape);
    const noise = this.noiseShape === null ? shape : this.noiseShape.map((n, i) => n ?? shape[i] ?? 1);
    const keep = ops.cast(random.uniform(noise, {seed}).greaterEqual(rate), x.dtype);
    const a = ((1 - rate) * (1 + rate * SATURATED ** 2)) ** -0.5;
    const b = -a * SATURATED * rate;
    return x.mul(keep).add(keep.neg().add(1).mul(SATURATED)).mul(a).add(b);
  }
  override getConfig(): Config {
    const noise = this.noiseShape === null ? null : [...this.noiseShape];
    return {...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: noise};
  }
}
