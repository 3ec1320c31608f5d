import {type Draw} from './opening.js';

/**
 * Random integers for orders of elements: Chris Doty-Humphrey's sfc32 (PractRand), a generator of 128 bits of state. It runs in
 * JavaScript because an order is drawn number by number.
 */
export class ShuffleRandom {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor({seed, round, pass}: Draw) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) ^ Math.imul(pass, 0x9e3779b9);
    this.#c = round | 0;
    // Close seeds and rounds part within some steps.
    for (let i = 0; i < 16; i++) this.#next();
  }

  /** An integer in [0, n), n below 2^32. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.#next() / 2 ** 32;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
