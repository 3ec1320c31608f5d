import {type Shape} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {Components, type DTypes} from './components.js';
import {type Item, Queue} from './queue.js';

export interface QueueOptions<N extends readonly string[] | undefined = undefined> {
  /** The shape of each component; needed for `dequeueMany` and `dequeueUpTo`. Default: any. */
  shapes?: readonly Shape[] | undefined;
  /** Names of the components: elements are objects then. */
  names?: N | undefined;
}

/**
 * First in, first out.
 *
 * @example
 * const q = new queues.FIFOQueue(2, 'int32', {shapes: [[]]});
 * await q.enqueue(1);
 * (await q.dequeue()).item(); // 1
 */
export class FIFOQueue<const D extends DTypes, const N extends readonly string[] | undefined = undefined> extends Queue<
  D,
  N
> {
  #items: Item[] = [];

  constructor(capacity: number, dtypes: D, options: QueueOptions<N> = {}) {
    checkOptions('FIFOQueue', options, ['shapes', 'names']);
    super(capacity, new Components('FIFOQueue', dtypes, options.shapes, options.names, false));
  }

  override size(): number {
    return this.#items.length;
  }

  protected override put(item: Item): void {
    this.#items.push(item);
  }

  protected override take(): Item {
    return this.#items.shift() ?? [];
  }

  protected override restore(items: readonly Item[]): void {
    this.#items.unshift(...items);
  }
}
