import {type Config, type DType, random, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {checkNumbers, RandomInitializer, type RandomInitializerOptions} from './random.js';

/** What the initializers that look at fans share. */
export interface FanOptions extends RandomInitializerOptions {
  /** Axes whose sizes multiply to the number of inputs. Default: as a dense or convolution kernel has them. */
  inputAxes?: readonly number[] | null | undefined;
  /** Axes whose sizes multiply to the number of outputs. */
  outputAxes?: readonly number[] | null | undefined;
}

export type FanMode = 'fan_in' | 'fan_out' | 'fan_avg';
export type Distribution = 'uniform' | 'truncated_normal' | 'untruncated_normal' | 'normal';

/** Options of {@link VarianceScaling}. */
export interface VarianceScalingOptions extends FanOptions {
  /** Default 1. */
  scale?: number | undefined;
  /** Default `'fan_in'`. */
  mode?: FanMode | undefined;
  /** `'normal'` is truncated. Default `'truncated_normal'`. */
  distribution?: Distribution | undefined;
}

const MODES: readonly string[] = ['fan_in', 'fan_out', 'fan_avg'] satisfies readonly FanMode[];
const DISTRIBUTIONS: readonly string[] = [
  'uniform',
  'truncated_normal',
  'untruncated_normal',
  'normal',
] satisfies readonly Distribution[];
const FAN_OPTIONS = ['seed', 'inputAxes', 'outputAxes'];

/** Standard deviation of a normal distribution of stddev 1 that is cut at 2. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/**
 * Numbers of inputs and outputs of a unit: rank 2 is (in, out); above, the last two axes are channels and those before a receptive
 * field that multiplies both.
 */
export function computeFans(
  shape: readonly number[],
  inputAxes: readonly number[] | null = null,
  outputAxes: readonly number[] | null = null,
): [fanIn: number, fanOut: number] {
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  if (inputAxes !== null && outputAxes !== null) {
    const sizeAt = (axis: number) => shape.at(axis) ?? 1;
    return [product(inputAxes.map(sizeAt)), product(outputAxes.map(sizeAt))];
  }
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0] ?? 1, shape[0] ?? 1];
  const field = product(shape.slice(0, -2));
  return [(shape.at(-2) ?? 1) * field, (shape.at(-1) ?? 1) * field];
}

/** Random values whose variance is scale / n, n being the inputs, outputs or mean of both of a unit. */
export class VarianceScaling extends RandomInitializer {
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: Exclude<Distribution, 'normal'>;
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;

  constructor(options: VarianceScalingOptions = {}, where = 'VarianceScaling') {
    checkOptions(where, options, ['scale', 'mode', 'distribution', ...FAN_OPTIONS]);
    super(where, options.seed);
    const {scale = 1, mode = 'fan_in', distribution = 'truncated_normal'} = options;
    checkNumbers(where, {scale});
    if (scale <= 0) throw new ValueError(`${where}: scale must be positive, got ${String(scale)}`);
    if (!MODES.includes(mode)) {
      throw new ValueError(`${where}: mode must be one of ${MODES.join(', ')}, got ${describe(mode)}`);
    }
    if (!DISTRIBUTIONS.includes(distribution)) {
      throw new ValueError(
        `${where}: distribution must be one of ${DISTRIBUTIONS.join(', ')}, got ${describe(distribution)}`,
      );
    }
    this.scale = scale;
    this.mode = mode;
    this.distribution = distribution === 'normal' ? 'truncated_normal' : distribution;
    this.inputAxes = options.inputAxes ?? null;
    this.outputAxes = options.outputAxes ?? null;
  }

  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    const [fanIn, fanOut] = computeFans(shape, this.inputAxes, this.outputAxes);
    const n = {fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2}[this.mode];
    const variance = this.scale / Math.max(1, n);
    const {seed} = this;
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return random.uniform(shape, {minval: -limit, maxval: limit, dtype, seed});
    }
    const stddev = Math.sqrt(variance);
    if (this.distribution === 'untruncated_normal') return random.normal(shape, {stddev, dtype, seed});
    return random.truncatedNormal(shape, {stddev: stddev / TRUNCATED_STDDEV, dtype, seed});
  }

  /** The same for a weight whose fans are given by axes, unless it has axes of its own. */
  withAxes(inputAxes: readonly number[], outputAxes: readonly number[]): VarianceScaling {
    if (this.inputAxes !== null && this.outputAxes !== null) return this;
    const {scale, mode, distribution, seed} = this;
    return new VarianceScaling({scale, mode, distribution, seed, inputAxes, outputAxes});
  }

  override getConfig(): Config {
    const {scale, mode, distribution} = this;
    return {...super.getConfig(), scale, mode, distribution, ...this.axesConfig()};
  }

  protected axesConfig(): Config {
    return {input_axes: this.inputAxes, output_axes: this.outputAxes};
  }
}

/** Base of the named ones, whose configs hold no scale. */
abstract class NamedScaling extends VarianceScaling {
  constructor(
    where: string,
    options: FanOptions,
    fixed: Required<Pick<VarianceScalingOptions, 'scale' | 'mode' | 'distribution'>>,
  ) {
    checkOptions(where, options, FAN_OPTIONS);
    super({...options, ...fixed}, where);
  }
  override getConfig(): Config {
    const {seed} = super.getConfig();
    return {seed, ...this.axesConfig()};
  }
}

/** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
export class GlorotUniform extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('GlorotUniform', options, {scale: 1, mode: 'fan_avg', distribution: 'uniform'});
  }
}

/** Truncated normal of stddev sqrt(2 / (fanIn + fanOut)) (Glorot and Bengio, 2010). */
export class GlorotNormal extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('GlorotNormal', options, {scale: 1, mode: 'fan_avg', distribution: 'truncated_normal'});
  }
}

/** Uniform in ±sqrt(6 / fanIn) (He et al., 2015). */
export class HeUniform extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('HeUniform', options, {scale: 2, mode: 'fan_in', distribution: 'uniform'});
  }
}

/** Truncated normal of stddev sqrt(2 / fanIn) (He et al., 2015). */
export class HeNormal extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('HeNormal', options, {scale: 2, mode: 'fan_in', distribution: 'truncated_normal'});
  }
}

/** Uniform in ±sqrt(3 / fanIn) (LeCun et al., 1998). */
export class LecunUniform extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('LecunUniform', options, {scale: 1, mode: 'fan_in', distribution: 'uniform'});
  }
}

/** Truncated normal of stddev sqrt(1 / fanIn) (LeCun et al., 1998). */
export class LecunNormal extends NamedScaling {
  constructor(options: FanOptions = {}) {
    super('LecunNormal', options, {scale: 1, mode: 'fan_in', distribution: 'truncated_normal'});
  }
}
