import {type Config, ops, random, SeedGenerator, type Shape, type Tensor} from '@keratin/core';
import {concrete, isSymbolic} from '@keratin/core/internal';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {checkNoiseShape, seedOption} from './seed-option.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';

/** Options of {@link Dropout}. */
export interface DropoutOptions extends LayerOptions {
  /** An integer makes the sequence of masks reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
  /** Sizes of 1 share one decision along that axis; null takes the input's size. Default: one decision for each element. */
  noiseShape?: Shape | null | undefined;
}

/**
 * While training, sets a part `rate` of the inputs to 0 and multiplies the rest by 1 / (1 - rate), so that the sum stays the same in
 * expectation (Srivastava et al., 2014). Otherwise gives its inputs.
 */
export class Dropout extends Layer {
  static override readonly positional = ['rate'];
  readonly rate: number;
  readonly seed: number | null;
  readonly noiseShape: Shape | null;
  /** @internal */
  readonly seedGenerator: SeedGenerator;

  constructor(rate: number, options: DropoutOptions = {}, ownOptions: readonly string[] = []) {
    super(options, ['seed', 'noiseShape', ...ownOptions]);
    const where = new.target.name;
    this.rate = checkNumber(where, 'rate', rate, 0, 1);
    this.seed = seedOption(where, options.seed);
    this.noiseShape = checkNoiseShape(where, options.noiseShape);
    this.seedGenerator = new SeedGenerator(this.seed ?? undefined);
    this.supportsMasking = true;
    this.buildAtInit();
  }

  override call(x: Tensor, {training}: CallOptions): Tensor {
    if (training !== true || this.rate === 0 || isSymbolic(x)) return x;
    if (this.rate === 1) return x.mul(0);
    const shape = concrete(x.shape);
    const noise = this.noiseOf(shape);
    const draw = random.uniform(noise, {dtype: x.dtype, seed: this.seedGenerator});
    const keep = ops.cast(draw.greaterEqual(this.rate), x.dtype).mul(1 / (1 - this.rate));
    return x.mul(keep);
  }
  /** Sizes of the noise for inputs of a shape. */
  protected noiseOf(shape: readonly number[]): readonly number[] {
    return this.noiseShape === null ? shape : this.noiseShape.map((n, i) => n ?? shape[i] ?? 1);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
  override getConfig(): Config {
    return {...super.getConfig(), rate: this.rate, seed: this.seed, noise_shape: this.noiseShape};
  }
}
