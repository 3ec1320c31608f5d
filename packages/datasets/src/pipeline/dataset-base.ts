import {ValueError} from '@keratin/core';
import {checkOptions, describe, inspectCustom} from '@keratin/core/internal';
import {checkFunction} from './checks.js';
import {type ElementSpec, specText} from './elements/spec.js';
import {callFor, stageName} from './failure.js';
import {DatasetIterator, type IteratorOptions} from './iterator.js';
import {outline, type Stage} from './stage.js';
import {AGAIN, type Again, END, type End, isPending, chain, until} from './step.js';

/** What can be asked of every dataset: its elements, and how many there are. */
export abstract class DatasetBase<E> implements AsyncIterable<E> {
  /** `cardinality()` of a dataset that does not end. */
  static readonly INFINITE_CARDINALITY = -1;
  /** `cardinality()` of a dataset whose number of elements is known only at its end. */
  static readonly UNKNOWN_CARDINALITY = -2;

  /** @internal */
  readonly stage: Stage<E>;
  /** Shape and dtype of the elements, built like them; null where it is only known when they come, as after `map`. */
  readonly elementSpec: ElementSpec;

  protected constructor(stage: Stage<E>, spec: ElementSpec) {
    this.stage = stage;
    this.elementSpec = spec;
  }

  /** Number of elements; -1 where they do not end, -2 where it is known only at the end. Nothing is read for it. */
  cardinality(): number {
    const {size} = this.stage;
    if (size === null) return DatasetBase.UNKNOWN_CARDINALITY;
    return size === Infinity ? DatasetBase.INFINITE_CARDINALITY : size;
  }

  /**
   * Number of elements.
   * @throws ValueError where they do not end, or where it is known only at the end
   */
  get length(): number {
    const {size} = this.stage;
    if (size === Infinity)
      throw new ValueError('Dataset.length: the dataset is infinite; cardinality() does not throw');
    if (size !== null) return size;
    throw new ValueError(
      'Dataset.length: the number of elements is unknown before the end; cardinality() does not throw',
    );
  }

  /**
   * A pass through the elements, from the start or from a saved position. Each pass has random orders of its own.
   *
   * @example
   * const iterator = dataset.iterator();
   * const first = await iterator.getNext();
   * const state = iterator.save();
   * const second = await dataset.iterator({from: state}).getNext();
   */
  iterator(options: IteratorOptions = {}): DatasetIterator<E> {
    checkOptions('Dataset.iterator', options, ['from'], {state: 'from'});
    return new DatasetIterator(this.stage, options.from);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<E, undefined> {
    return this.iterator();
  }

  /**
   * The elements with `for ... of`, where no stage is asynchronous.
   * @throws ValueError where one is: `for await` then
   */
  *[Symbol.iterator](): Generator<E, undefined> {
    const iterator = this.iterator();
    try {
      for (;;) {
        const step = iterator.step();
        if (isPending(step)) {
          step.catch(() => undefined);
          throw new ValueError(
            `Dataset: this pipeline is asynchronous (${outline(this.stage)}); iterate with for await, or with getNext()`,
          );
        }
        if (step === END) return undefined;
        yield step;
      }
    } finally {
      const ended = iterator.end();
      if (isPending(ended)) ended.catch(() => undefined);
    }
  }

  /** All elements, in order. */
  async toArray(): Promise<E[]> {
    if (this.stage.size === Infinity)
      throw new ValueError('Dataset.toArray: the dataset is infinite; take() some first');
    const elements: E[] = [];
    for await (const element of this) elements.push(element);
    return elements;
  }

  /**
   * The element of a dataset that has exactly one.
   * @throws ValueError where it has none or more
   */
  async getSingleElement(): Promise<E> {
    const iterator = this.iterator();
    const first = await iterator.next();
    const more = first.done === true ? first : await iterator.next();
    await iterator.close();
    if (first.done !== true && more.done === true) return first.value;
    throw new ValueError(
      `Dataset.getSingleElement: the dataset must have exactly one element, it has ${first.done === true ? 'none' : 'more'}`,
    );
  }

  /**
   * Combines all elements into one value.
   * @param fn the next state, of the state so far and an element
   *
   * @example
   * const sum = await Dataset.range(5).reduce(0, (state, x) => state + x.item());
   */
  async reduce<S>(initialState: S, fn: (state: S, element: E) => S | Promise<S>): Promise<S> {
    checkFunction('reduce', 'the function', fn);
    if (this.stage.size === Infinity) {
      throw new ValueError(`${stageName('reduce')}: the dataset is infinite; take() some first`);
    }
    const iterator = this.iterator();
    let state = initialState;
    let index = 0;
    const use = (element: E | End): Again | S | Promise<Again> => {
      if (element === END) return state;
      const next = callFor('reduce', index++, () => fn(state, element));
      return chain<S, Again>(next, (value) => {
        state = value;
        return AGAIN;
      });
    };
    try {
      return await until<S>(() => chain<E | End, S | Again>(iterator.step(), use));
    } finally {
      await iterator.close();
    }
  }

  /** The stages and what the elements are: `Dataset(fromTensorSlices > batch, [float32(None,4), int32(None,)])`. */
  toString(): string {
    return `Dataset(${outline(this.stage)}, ${specText(this.elementSpec)})`;
  }

  [inspectCustom](): string {
    return this.toString();
  }
}

/** Refuses what is no dataset. */
export function checkDataset(name: string, value: unknown): void {
  if (value instanceof DatasetBase) return;
  throw new ValueError(`${stageName(name)}: a Dataset is needed, got ${describe(value)}`);
}
