import {random, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';

/** Options of {@link PyDataset}. */
export interface PyDatasetOptions {
  /** How many `getItem` that wait are on their way at a time. Default 1. */
  workers?: number | undefined;
  /** How many batches are made ready. Default 10. */
  maxQueueSize?: number | undefined;
}

/**
 * Batches by number, for data that is neither arrays nor a `Dataset`: a subclass says how many there are and makes each. `fit` takes them in
 * random order where it shuffles. (Keras's `keras.utils.PyDataset`, also known as `Sequence`.)
 *
 * @example
 * class Files extends utils.PyDataset<readonly [Tensor, Tensor]> {
 *   override get length() { return Math.ceil(files.length / 32); }
 *   override async getItem(index: number) { return loadBatch(files.slice(32 * index, 32 * (index + 1))); }
 * }
 * await model.fit(new Files({workers: 4}), {epochs: 5});
 */
export abstract class PyDataset<B> implements AsyncIterable<B> {
  readonly workers: number;
  readonly maxQueueSize: number;

  constructor(options: PyDatasetOptions = {}) {
    const name = new.target.name;
    checkOptions(name, options, ['workers', 'maxQueueSize'], {max_queue_size: 'maxQueueSize'});
    const {workers = 1, maxQueueSize = 10} = options;
    for (const [key, value] of Object.entries({workers, maxQueueSize})) {
      if (!Number.isInteger(value) || value < 1) {
        throw new ValueError(`${name}: ${key} must be a positive integer, got ${describe(value)}`);
      }
    }
    this.workers = workers;
    this.maxQueueSize = maxQueueSize;
  }

  /** Number of batches. */
  abstract get length(): number;

  /** The batch of a number: x, [x, y] or [x, y, sampleWeight]. */
  abstract getItem(index: number): B | Promise<B>;

  /** Called before each pass. */
  onEpochBegin(): void | Promise<void> {
    return undefined;
  }

  /** Called after each pass that was complete. */
  onEpochEnd(): void | Promise<void> {
    return undefined;
  }

  /**
   * One pass through the batches.
   *
   * @param options.shuffle whether they come in random order, which follows `setSeed`; default false
   */
  async *batches({shuffle = false}: {readonly shuffle?: boolean | undefined} = {}): AsyncGenerator<B, undefined> {
    await this.onEpochBegin();
    const {length} = this;
    if (!Number.isInteger(length) || length < 0) {
      throw new ValueError(`${this.constructor.name}: length must be a number of batches, got ${describe(length)}`);
    }
    const order = shuffle && length > 0 ? random.permutation(length).array(1) : Array.from({length}, (_, i) => i);
    const ahead = Math.min(this.workers, this.maxQueueSize);
    const running: Promise<B>[] = [];
    let next = 0;
    for (let given = 0; given < length; given++) {
      for (; next < length && running.length < ahead; next++) {
        const index = order[next] ?? 0;
        const batch = Promise.resolve().then(() => this.getItem(index));
        // Met when its turn comes.
        batch.catch(() => undefined);
        running.push(batch);
      }
      const first = running.shift();
      if (first !== undefined) yield await first;
    }
    await this.onEpochEnd();
  }

  [Symbol.asyncIterator](): AsyncGenerator<B, undefined> {
    return this.batches();
  }
}
