import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

const SIZE = 624;
const MIDDLE = 397;

/**
 * NumPy's `RandomState`: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) with NumPy's seeding and bounded integers. The
 * classic data sets are shuffled by it, so that a seed gives Keras's order here too.
 */
export class RandomState {
  readonly #state = new Uint32Array(SIZE);
  #at = SIZE;

  /**
   * @param seed an integer from 0 to 2^32 - 1
   * @param where the function that was called, for the message
   */
  constructor(seed: number, where: string) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new ValueError(`${where}: seed must be an integer from 0 to 4294967295, got ${describe(seed)}`);
    }
    const state = this.#state;
    // Knuth, The Art of Computer Programming, volume 2, 3rd edition, page 106.
    for (let i = 0, last = seed >>> 0; i < SIZE; i++) {
      state[i] = last;
      last = (Math.imul(1812433253, last ^ (last >>> 30)) + i + 1) >>> 0;
    }
  }

  /** The next 32 random bits. */
  uint32(): number {
    if (this.#at === SIZE) this.#twist();
    let y = this.#state[this.#at++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** An integer from 0 to `most`, which is below 2^32: masked bits, drawn again where they are larger. */
  interval(most: number): number {
    if (most === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** Puts a list in random order, in place. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.interval(i);
      const [a, b] = [list[i] as T, list[j] as T];
      list[i] = b;
      list[j] = a;
    }
    return list;
  }

  /** The numbers below `n` in random order. */
  order(n: number): number[] {
    return this.shuffle(Array.from({length: n}, (_, i) => i));
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      const mixed = (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      state[i] = (state[(i + MIDDLE) % SIZE] ?? 0) ^ mixed;
    }
    this.#at = 0;
  }
}
