import {type Config, type DType, random, SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, drawSeed, isNode} from '@keratin/core/internal';
import {Initializer} from './initializer.js';

/** What random initializers share. */
export interface RandomInitializerOptions {
  /**
   * An integer, or none (then one is drawn when the initializer is made): the same values at every call. A SeedGenerator: other
   * values at every call.
   */
  seed?: number | SeedGenerator | null | undefined;
}

/** Base of initializers that draw their values. */
export abstract class RandomInitializer extends Initializer {
  protected readonly seed: number | SeedGenerator;
  readonly #given: number | SeedGenerator | null;

  constructor(where: string, seed: RandomInitializerOptions['seed']) {
    super();
    const given = generatorFrom(seed);
    if (given !== null && typeof given !== 'number' && !(given instanceof SeedGenerator)) {
      throw new ValueError(`${where}: seed must be an integer or a SeedGenerator, got ${describe(given)}`);
    }
    this.#given = given;
    this.seed = given ?? drawSeed();
  }
  override getConfig(): Config {
    const seed = this.#given;
    if (!(seed instanceof SeedGenerator)) return {seed};
    const node = {module: 'keras.random', class_name: 'SeedGenerator', config: seed.getConfig(), registered_name: null};
    return {seed: node};
  }
}

function generatorFrom(seed: RandomInitializerOptions['seed']): number | SeedGenerator | null {
  const value: unknown = seed ?? null;
  if (isNode(value)) {
    const inner = value['config'];
    const number = typeof inner === 'object' && inner !== null && 'seed' in inner ? inner.seed : undefined;
    return new SeedGenerator(typeof number === 'number' ? number : undefined);
  }
  return seed ?? null;
}

export function checkNumbers(where: string, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new ValueError(`${where}: ${name} must be a finite number, got ${describe(value)}`);
    }
  }
}

/** Options of {@link RandomNormal} and {@link TruncatedNormal}. */
export interface RandomNormalOptions extends RandomInitializerOptions {
  /** Default 0. */
  mean?: number | undefined;
  /** Default 0.05. */
  stddev?: number | undefined;
}

const NORMAL = ['mean', 'stddev', 'seed'] as const;

/** Normally distributed values. */
export class RandomNormal extends RandomInitializer {
  readonly mean: number;
  readonly stddev: number;

  constructor(options: RandomNormalOptions = {}) {
    checkOptions('RandomNormal', options, NORMAL);
    super('RandomNormal', options.seed);
    this.mean = options.mean ?? 0;
    this.stddev = options.stddev ?? 0.05;
    checkNumbers('RandomNormal', {mean: this.mean, stddev: this.stddev});
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return random.normal(shape, {mean: this.mean, stddev: this.stddev, dtype, seed: this.seed});
  }
  override getConfig(): Config {
    return {...super.getConfig(), mean: this.mean, stddev: this.stddev};
  }
}

/** Normally distributed values, drawn again beyond two standard deviations. */
export class TruncatedNormal extends RandomInitializer {
  readonly mean: number;
  readonly stddev: number;

  constructor(options: RandomNormalOptions = {}) {
    checkOptions('TruncatedNormal', options, NORMAL);
    super('TruncatedNormal', options.seed);
    this.mean = options.mean ?? 0;
    this.stddev = options.stddev ?? 0.05;
    checkNumbers('TruncatedNormal', {mean: this.mean, stddev: this.stddev});
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return random.truncatedNormal(shape, {mean: this.mean, stddev: this.stddev, dtype, seed: this.seed});
  }
  override getConfig(): Config {
    return {...super.getConfig(), mean: this.mean, stddev: this.stddev};
  }
}

/** Options of {@link RandomUniform}. */
export interface RandomUniformOptions extends RandomInitializerOptions {
  /** Default -0.05. */
  minval?: number | undefined;
  /** Default 0.05. */
  maxval?: number | undefined;
}

/** Equally likely values in [minval, maxval). */
export class RandomUniform extends RandomInitializer {
  readonly minval: number;
  readonly maxval: number;

  constructor(options: RandomUniformOptions = {}) {
    checkOptions('RandomUniform', options, ['minval', 'maxval', 'seed']);
    super('RandomUniform', options.seed);
    this.minval = options.minval ?? -0.05;
    this.maxval = options.maxval ?? 0.05;
    checkNumbers('RandomUniform', {minval: this.minval, maxval: this.maxval});
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return random.uniform(shape, {minval: this.minval, maxval: this.maxval, dtype, seed: this.seed});
  }
  override getConfig(): Config {
    return {...super.getConfig(), minval: this.minval, maxval: this.maxval};
  }
}
