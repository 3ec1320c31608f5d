import {Storage} from '../tensor/storage.js';

/**
 * The memory of a Variable while a program on the engine's thread changes it. Whoever looks at it ends the steps that run there after the
 * present one, and sees what they left.
 */
export class LentStorage extends Storage {
  readonly #real: Storage;
  readonly #settle: () => void;

  constructor(real: Storage, settle: () => void) {
    super();
    this.#real = real;
    this.#settle = settle;
    this.handle = real.handle;
    // Who holds the memory from now on must know what is in it.
    for (const key of ['shared', 'holds'] as const) {
      Object.defineProperty(this, key, {
        get: () => real[key],
        set: (value: never) => {
          settle();
          real[key] = value;
        },
      });
    }
  }

  override settle(): void {
    this.#settle();
  }

  override release(): void {
    this.#settle();
    this.#real.release();
  }

  override get live(): number {
    this.#settle();
    return this.#real.live;
  }

  override assertLive(): void {
    this.#real.assertLive();
  }

  override assertReadable(what: string): void {
    this.#settle();
    this.#real.assertReadable(what);
  }
}
