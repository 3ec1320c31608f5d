import {tracing} from '../engine/tracing.js';
import {ValueError} from '../errors.js';
import {checkOptions, describe} from '../suggest.js';

/** Seed and call counter as the random kernels take them: two 32-bit words each, low first. */
export type RandomState = readonly [number, number, number, number];

const words = (n: number): [number, number] => [n % 2 ** 32, Math.floor(n / 2 ** 32)];

function checkSeed(where: string, seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ValueError(`${where}: a seed is a non-negative integer, got ${describe(seed)}`);
  }
  return seed;
}

/** The state of the `counter`-th draw. */
export const stateAt = (seed: number, counter: number): RandomState => [...words(seed), ...words(counter)];

let recorded: RandomState[] | null = null;
let replayed: RandomState[] | null = null;

/** Runs `fn` and gives its result with the random states that were drawn meanwhile. */
export function recordStates<T>(fn: () => T): {readonly result: T; readonly states: readonly RandomState[]} {
  const outer = recorded;
  const states: RandomState[] = [];
  recorded = states;
  try {
    return {result: fn(), states};
  } finally {
    recorded = outer;
    outer?.push(...states);
  }
}

/** Runs `fn` so that it draws these random states again, in their order, whichever generator it asks. */
export function replayStates<T>(states: readonly RandomState[], fn: () => T): T {
  const outer = replayed;
  replayed = [...states];
  try {
    return fn();
  } finally {
    replayed = outer;
  }
}

/** Options of {@link SeedGenerator}. */
export interface SeedGeneratorOptions {
  /** Default `'seed_generator'`. */
  name?: string | undefined;
}

/**
 * A source of random states: the same seed gives the same sequence. Pass one as `seed` to functions and layers that draw
 * more than once.
 *
 * @example
 * const seed = new SeedGenerator(42);
 * random.normal([2], {seed}); // other values than
 * random.normal([2], {seed}); // these, and the same two in the next run
 */
export class SeedGenerator {
  readonly name: string;
  #seed: number;
  #counter = 0;

  constructor(seed?: number | null, options: SeedGeneratorOptions = {}) {
    checkOptions('SeedGenerator', options, ['name']);
    this.#seed = seed === undefined || seed === null ? drawSeed() : checkSeed('SeedGenerator', seed);
    this.name = options.name ?? 'seed_generator';
  }

  /** Makes one of what {@link getConfig} gave. */
  static fromConfig(config: {readonly seed?: number | null | undefined}): SeedGenerator {
    return new SeedGenerator(config.seed);
  }

  /** A random one where none was given; it follows `setSeed`. */
  get seed(): number {
    return this.#seed;
  }

  /** @internal Goes on as a generator of this seed after so many draws. */
  continueFrom(seed: number, counter: number): void {
    this.#seed = checkSeed('SeedGenerator', seed);
    this.counter = counter;
  }

  /** How many states were drawn; set it to go back or on. */
  get counter(): number {
    return this.#counter;
  }
  set counter(value: number) {
    this.#counter = checkSeed('SeedGenerator.counter', value);
  }

  /** The next state; what runs again (see `recomputeGrad`) gets those of its first run. */
  next(): RandomState {
    const known = replayed?.shift();
    if (known !== undefined) {
      recorded?.push(known);
      return known;
    }
    if (tracing !== null) {
      const drawn = tracing.draw(this === global ? null : this);
      recorded?.push(drawn);
      return drawn;
    }
    const state = stateAt(this.seed, this.#counter);
    this.#counter += 1;
    recorded?.push(state);
    return state;
  }

  getConfig(): {seed: number} {
    return {seed: this.seed};
  }
}

function timeSeed(): number {
  return Math.floor(Math.random() * 2 ** 52);
}

let global = new SeedGenerator(timeSeed());
let initial = timeSeed();
let drawn = 0;

/** The generator of functions without a seed of their own. */
export function globalGenerator(): SeedGenerator {
  return global;
}

/** Makes all that follows reproducible: weights, shuffles, dropout, random functions without a seed of their own. */
export function setSeed(seed: number): void {
  initial = checkSeed('setSeed', seed);
  drawn = 0;
  global = new SeedGenerator(initial);
}

/** A seed for an object that got none: depends on `setSeed` and on how many were drawn before. */
export function drawSeed(): number {
  drawn += 1;
  // The golden ratio in 52 bits spreads consecutive draws.
  return Number(BigInt.asUintN(52, BigInt(initial) + BigInt(drawn) * 2_783_278_914_641_113n));
}

/** The random state of the process: what `setSeed` sets, and what was drawn since. */
export interface ProcessRandomState {
  readonly initial: number;
  readonly drawn: number;
  readonly seed: number;
  readonly counter: number;
}

export function processRandomState(): ProcessRandomState {
  return {initial, drawn, seed: global.seed, counter: global.counter};
}

/** All that is drawn afterwards is what followed {@link processRandomState}. */
export function continueRandomState(state: ProcessRandomState): void {
  global.continueFrom(state.seed, state.counter);
  initial = checkSeed('continueRandomState', state.initial);
  drawn = state.drawn;
}

/** What a random function with this `seed` option uses: a fixed state, a generator's next one, or the global one's. */
export function resolveSeed(where: string, seed: number | SeedGenerator | null | undefined): RandomState {
  if (seed === undefined || seed === null) return global.next();
  if (seed instanceof SeedGenerator) return seed.next();
  if (typeof seed !== 'number') {
    throw new ValueError(`${where}: seed must be an integer or a SeedGenerator, got ${describe(seed)}`);
  }
  return [...words(checkSeed(where, seed)), 0, 0];
}
