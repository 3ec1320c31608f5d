import {type DType} from '../dtype.js';
import {itemOf} from '../tensor/read.js';
import {checkOptions} from '../suggest.js';
import {Components} from './components.js';
import {type QueueOptions} from './fifo-queue.js';
import {type Item, Queue} from './queue.js';

/** The dtypes with that of the priority in front. */
type WithPriority<D extends DType | readonly DType[]> = D extends DType
  ? readonly ['int64', D]
  : D extends readonly DType[]
    ? readonly ['int64', ...D]
    : never;

/**
 * The least priority first; of equal ones that which came first. The first component of an element is its priority, an int64 scalar: a
 * bigint or a tensor.
 *
 * @example
 * const q = new queues.PriorityQueue(5, 'string', {shapes: [[]]});
 * await q.enqueue([3n, 'c']);
 */
export class PriorityQueue<
  const D extends DType | readonly DType[],
  const N extends readonly string[] | undefined = undefined,
> extends Queue<WithPriority<D>, N> {
  // Sorted.
  #items: {readonly priority: bigint; readonly item: Item}[] = [];

  /** @param options `shapes` and `names` of the components behind the priority; its name is `priority` */
  constructor(capacity: number, dtypes: D, options: QueueOptions<N> = {}) {
    checkOptions('PriorityQueue', options, ['shapes', 'names']);
    const all: DType[] = ['int64', ...[dtypes].flat()] as DType[];
    const shapes = options.shapes === undefined ? undefined : [[], ...options.shapes];
    const names = options.names === undefined ? undefined : ['priority', ...options.names];
    super(capacity, new Components('PriorityQueue', all, shapes, names, false));
  }

  override size(): number {
    return this.#items.length;
  }

  protected override put(item: Item): void {
    const priority = priorityOf(item);
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.priority ?? 0n) <= priority) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, {priority, item});
  }

  protected override take(): Item {
    return this.#items.shift()?.item ?? [];
  }

  protected override restore(items: readonly Item[]): void {
    this.#items.unshift(...items.map((item) => ({priority: priorityOf(item), item})));
  }
}

function priorityOf([first]: Item): bigint {
  const value = first === undefined ? 0n : itemOf(first);
  return typeof value === 'bigint' ? value : 0n;
}
