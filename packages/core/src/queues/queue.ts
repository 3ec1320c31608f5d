import {type Element} from '../dtype.js';
import {CancelledError, OutOfRangeError, ShapeError, ValueError} from '../errors.js';
import {zeros} from '../ops/create.js';
import {stack, unstack} from '../ops/shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Components, type DTypes, type QueueElement, type QueueInput} from './components.js';

/** One element: its components. */
export type Item = readonly Tensor<Element>[];

interface Waiting {
  readonly where: string;
  /** Goes on as far as it can; true once it is done, by success or failure. */
  readonly attempt: () => boolean;
  readonly fail: (error: Error) => void;
}

export interface CloseOptions {
  /** Whether enqueue operations that wait for room fail. Default false: they are done as room comes. */
  cancelPendingEnqueues?: boolean | undefined;
}

/**
 * A list of elements that producers and consumers share: who finds it full or empty waits. Elements are tensors, or several tensors each
 * (components).
 */
export abstract class Queue<D extends DTypes, N extends readonly string[] | undefined = undefined> {
  /** At most so many elements are in it. */
  readonly capacity: number;
  protected readonly components: Components;
  readonly #enqueues: Waiting[] = [];
  readonly #dequeues: Waiting[] = [];
  #closed = false;

  protected constructor(capacity: number, components: Components) {
    const name = new.target.name;
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new ValueError(`${name}: capacity must be a positive integer, got ${describe(capacity)}`);
    }
    this.capacity = capacity;
    this.components = components;
  }

  /** How many elements are in it. */
  abstract size(): number;
  /** Puts one in; there is room. */
  protected abstract put(item: Item): void;
  /** Takes one out; there is one. */
  protected abstract take(): Item;
  /** Puts back, in front, what was taken and is not needed. */
  protected abstract restore(items: readonly Item[]): void;

  /** Whether one may be taken now. */
  protected ready(_isClosed: boolean): boolean {
    return this.size() > 0;
  }

  /** Elements as one, with an axis in front. */
  protected batch(parts: readonly Tensor<Element>[], _component: number): Tensor<Element> {
    return stack(parts);
  }

  /** The dtypes of the components. */
  get dtypes(): readonly string[] {
    return this.components.dtypes;
  }

  /** Whether it was closed. */
  isClosed(): boolean {
    return this.#closed;
  }

  /** Adds one element; waits while the queue is full. */
  async enqueue(element: QueueInput): Promise<void> {
    const where = this.#where('enqueue');
    await this.#enqueueItems([this.components.toTensors(element, where, false)], where);
  }

  /** Adds the elements along the first axis of each component, one after the other; waits while the queue is full. */
  async enqueueMany(elements: QueueInput): Promise<void> {
    const where = this.#where('enqueueMany');
    const columns = this.components.toTensors(elements, where, true).map((column) => unstack(column as Tensor));
    const items = Array.from({length: columns[0]?.length ?? 0}, (_, i) => columns.flatMap((column) => column[i] ?? []));
    await this.#enqueueItems(items, where);
  }

  /** Takes one element; waits while there is none. */
  async dequeue(): Promise<QueueElement<D, N>> {
    const [item] = await this.#dequeueItems(1, false, this.#where('dequeue'));
    return this.components.toOutput(item ?? []) as QueueElement<D, N>;
  }

  /** Takes n elements as one, with an axis in front; waits until there were as many. All elements must have one known shape. */
  async dequeueMany(n: number): Promise<QueueElement<D, N>> {
    return this.#dequeueBatch(n, false, this.#where('dequeueMany'));
  }

  /** Like {@link dequeueMany}, but a closed queue gives what is left. */
  async dequeueUpTo(n: number): Promise<QueueElement<D, N>> {
    return this.#dequeueBatch(n, true, this.#where('dequeueUpTo'));
  }

  /** No element goes in any more: later enqueue operations fail, and dequeue operations once there are too few. */
  close(options: CloseOptions = {}): void {
    checkOptions(this.#where('close'), options, ['cancelPendingEnqueues']);
    this.#closed = true;
    if (options.cancelPendingEnqueues === true) {
      for (const {where, fail} of this.#enqueues.splice(0)) {
        fail(new CancelledError(`${where}: the queue was closed while it waited`));
      }
    }
    this.#advance();
  }

  #where(method: string): string {
    return `${this.constructor.name}.${method}`;
  }

  #enqueueItems(items: readonly Item[], where: string): Promise<undefined> {
    if (this.#closed) return Promise.reject(new CancelledError(`${where}: the queue is closed`));
    let next = 0;
    return this.#wait<undefined>(this.#enqueues, where, (resolve) => {
      for (; next < items.length; next++) {
        const item = items[next];
        if (item === undefined || this.size() >= this.capacity) return false;
        this.put(item);
        this.#serve(this.#dequeues);
      }
      resolve(undefined);
      return true;
    });
  }

  #dequeueItems(n: number, takesFewer: boolean, where: string): Promise<readonly Item[]> {
    const taken: Item[] = [];
    return this.#wait<readonly Item[]>(this.#dequeues, where, (resolve, reject) => {
      while (taken.length < n) {
        if (!this.ready(this.#closed)) break;
        taken.push(this.take());
        this.#serve(this.#enqueues);
      }
      if (taken.length === n || (takesFewer && this.#isOver() && taken.length > 0)) {
        resolve(taken);
        return true;
      }
      if (!this.#isOver()) return false;
      this.restore(taken);
      reject(
        new OutOfRangeError(
          `${where}: the queue is closed and has too few elements: ${String(n)} asked for, ${String(this.size())} left`,
        ),
      );
      return true;
    });
  }

  async #dequeueBatch(n: number, takesFewer: boolean, where: string): Promise<QueueElement<D, N>> {
    if (!Number.isInteger(n) || n < 0) {
      throw new ValueError(`${where}: the number of elements must be a non-negative integer, got ${describe(n)}`);
    }
    const {shapes} = this.components;
    if (shapes === undefined) {
      throw new ShapeError(`${where}: elements must have one shape; give the queue's constructor {shapes}`);
    }
    const items = await this.#dequeueItems(n, takesFewer, where);
    const columns = shapes.map((shape, i) => {
      if (items.length === 0) return zeros([0, ...shape.map((size) => size ?? 0)], this.components.dtypes[i]);
      return this.batch(
        items.flatMap((item) => item[i] ?? []),
        i,
      );
    });
    return this.components.toOutput(columns) as QueueElement<D, N>;
  }

  /** Closed, and nobody waits to put anything in. */
  #isOver(): boolean {
    return this.#closed && this.#enqueues.length === 0;
  }

  #wait<T>(
    line: Waiting[],
    where: string,
    attempt: (resolve: (value: T) => void, reject: (error: Error) => void) => boolean,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      line.push({where, attempt: () => attempt(resolve, reject), fail: reject});
      this.#advance();
    });
  }

  // Serving one line may make room for the other.
  #advance(): void {
    for (let moved = true; moved;) {
      const before = this.#enqueues.length + this.#dequeues.length;
      this.#serve(this.#enqueues);
      this.#serve(this.#dequeues);
      moved = this.#enqueues.length + this.#dequeues.length < before;
    }
  }

  readonly #serving = new Set<Waiting[]>();

  // First come, first served. A line that is being served already goes on by itself.
  #serve(line: Waiting[]): void {
    if (this.#serving.has(line)) return;
    this.#serving.add(line);
    try {
      for (let [first] = line; first !== undefined && first.attempt(); [first] = line) line.shift();
    } finally {
      this.#serving.delete(line);
    }
  }
}
