/**
 * What ends a training between two batches from outside: the first Ctrl+C, or the signal that `fit` was given. It listens to SIGINT
 * until the first one, so that the second ends the process as usual.
 */
export class Interruption {
  readonly #signal: AbortSignal | undefined;
  #pressed = false;

  readonly #press = (): void => {
    this.#pressed = true;
    this.close();
  };

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    process.on('SIGINT', this.#press);
  }

  /** Whether training is to end after this batch. */
  requested(): boolean {
    return this.#pressed || this.#signal?.aborted === true;
  }

  /** Leaves Ctrl+C to the process again. */
  close(): void {
    process.off('SIGINT', this.#press);
  }
}
