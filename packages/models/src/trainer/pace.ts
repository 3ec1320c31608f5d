/** Milliseconds of steps between two pauses. */
const SPAN = 8;

/** Keeps the event loop alive beside synchronous steps: timers and servers of the process go on answering. */
export class Pace {
  #last = performance.now();

  /** Whether it is time for a pause. */
  get due(): boolean {
    return performance.now() - this.#last > SPAN;
  }

  /** Lets everything that waits run once. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = performance.now();
  }
}
