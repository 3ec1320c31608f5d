import {ValueError} from '../errors.js';
import {randint} from '../random/basic.js';
import {SeedGenerator} from '../random/seed.js';
import {checkOptions, describe} from '../suggest.js';
import {Components, type DTypes} from './components.js';
import {type QueueOptions} from './fifo-queue.js';
import {type Item, Queue} from './queue.js';

export interface RandomShuffleQueueOptions<
  N extends readonly string[] | undefined = undefined,
> extends QueueOptions<N> {
  /** Fixes the order. Default: drawn. */
  seed?: number | undefined;
}

/**
 * Gives elements in random order. So that they are mixed, `minAfterDequeue` stay behind until the queue is closed.
 *
 * @example
 * const q = new queues.RandomShuffleQueue(8, 2, 'int32', {shapes: [[]], seed: 1});
 */
export class RandomShuffleQueue<
  const D extends DTypes,
  const N extends readonly string[] | undefined = undefined,
> extends Queue<D, N> {
  readonly minAfterDequeue: number;
  #items: Item[] = [];
  readonly #seed: SeedGenerator;

  constructor(capacity: number, minAfterDequeue: number, dtypes: D, options: RandomShuffleQueueOptions<N> = {}) {
    checkOptions('RandomShuffleQueue', options, ['shapes', 'names', 'seed']);
    super(capacity, new Components('RandomShuffleQueue', dtypes, options.shapes, options.names, false));
    if (!Number.isInteger(minAfterDequeue) || minAfterDequeue < 0 || minAfterDequeue >= capacity) {
      throw new ValueError(
        `RandomShuffleQueue: minAfterDequeue must be from 0 to the capacity ${String(capacity)} less one, got ${describe(minAfterDequeue)}`,
      );
    }
    this.minAfterDequeue = minAfterDequeue;
    this.#seed = new SeedGenerator(options.seed);
  }

  override size(): number {
    return this.#items.length;
  }

  protected override ready(isClosed: boolean): boolean {
    return this.size() > (isClosed ? 0 : this.minAfterDequeue);
  }

  protected override put(item: Item): void {
    this.#items.push(item);
  }

  protected override take(): Item {
    const at = randint([], 0, this.#items.length, {seed: this.#seed}).item();
    const last = this.#items.pop() ?? [];
    const item = this.#items[at];
    if (item === undefined) return last;
    this.#items[at] = last;
    return item;
  }

  protected override restore(items: readonly Item[]): void {
    this.#items.push(...items);
  }
}
