import {ValueError} from '@keratin/core';
import {describe, isPlainObject, tensorsIn} from '@keratin/core/internal';
import {type Batch, type BatchIterator, type BatchSource, type SavedIterator} from './batch.js';
import {classWeightsOf, type ClassWeight} from './class-weight.js';
import {toBatch} from './convert.js';

/**
 * Data that comes batch by batch: a Dataset, an (async) iterable, or a function that starts one, such as a generator function. Each
 * batch is x, [x, y] or [x, y, sampleWeight].
 */
export type BatchIterable<B = unknown> = Iterable<B> | AsyncIterable<B> | (() => Iterable<B> | AsyncIterable<B>);

/** Whether data comes batch by batch; arrays, typed arrays and tensors are data in memory. */
export function isBatchIterable(value: unknown): value is BatchIterable {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || tensorsIn(value).length > 0 || isPlainObject(value)) {
    return false;
  }
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** Batches by number, as `utils.PyDataset` has them: they may come in random order. */
interface NumberedBatches {
  batches(options: {readonly shuffle: boolean}): AsyncIterable<unknown>;
}

const isNumbered = (data: object): data is NumberedBatches => 'batches' in data && typeof data.batches === 'function';

/** An iterator that can go on in another run, as a Dataset has it. */
interface SavableIterator extends AsyncIterator<unknown> {
  save(): SavedIterator;
  seek(): Promise<number>;
}

const isSavable = (iterator: object): iterator is SavableIterator => 'save' in iterator && 'seek' in iterator;

interface Resumable {
  iterator(options: {readonly from: SavedIterator}): object;
}

const isResumable = (data: unknown): data is Resumable =>
  typeof data === 'object' && data !== null && 'iterator' in data && typeof data.iterator === 'function';

/** Batches of a dataset, iterable or generator function. */
export class IterableSource implements BatchSource {
  /** Known after the first full round. */
  batches: number | null = null;
  readonly endless: boolean = false;
  readonly #where: string;
  readonly #data: BatchIterable;
  readonly #classWeight: ClassWeight | undefined;
  readonly #shuffle: boolean;
  #rounds = 0;

  /** @param shuffle whether batches that have numbers come in random order; others come as they do */
  constructor(where: string, data: BatchIterable, classWeight?: ClassWeight, shuffle = false) {
    this.#where = where;
    this.#data = data;
    this.#classWeight = classWeight;
    this.#shuffle = shuffle;
    if (typeof data === 'function') return;
    // A Dataset knows its size without being read: below 0 it is infinite (-1) or unknown.
    const sized = data as {readonly cardinality?: () => unknown};
    if (typeof sized.cardinality === 'function') {
      const size = sized.cardinality();
      if (typeof size === 'number' && size >= 0) this.batches = size;
      this.endless = size === -1;
      return;
    }
    const {length} = data as {readonly length?: unknown};
    if (typeof length === 'number' && Number.isInteger(length)) this.batches = length;
  }

  begin(): BatchIterator {
    const iterable = this.#start();
    if (typeof iterable !== 'object' || iterable === null) return this.#refuse(iterable);
    let iterator: Iterator<unknown> | AsyncIterator<unknown>;
    if (Symbol.asyncIterator in iterable) iterator = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    else if (Symbol.iterator in iterable) iterator = (iterable as Iterable<unknown>)[Symbol.iterator]();
    else return this.#refuse(iterable);
    return this.#round(iterator);
  }

  async resume(saved: SavedIterator): Promise<BatchIterator | null> {
    const data = this.#start();
    if (!isResumable(data)) return null;
    const iterator = data.iterator({from: saved});
    if (!isSavable(iterator)) return null;
    const passed = await iterator.seek();
    if (passed < saved.position) {
      throw new ValueError(
        `${this.#where}: the dataset has only ${String(passed)} batches, but the run that goes on had taken ${String(saved.position)}`,
      );
    }
    return this.#round(iterator, saved.position);
  }

  #round(iterator: Iterator<unknown> | AsyncIterator<unknown>, from = 0): BatchIterator {
    this.#rounds += 1;
    let given = from;
    const take = (result: IteratorResult<unknown>): Batch | null => {
      if (result.done === true) {
        this.#ended(given);
        return null;
      }
      given += 1;
      return this.#batch(result.value);
    };
    return {
      next: () => {
        const result = iterator.next();
        return result instanceof Promise ? result.then(take) : take(result);
      },
      ...(isSavable(iterator) ? {save: () => iterator.save()} : {}),
      close: () => {
        const closed: unknown = iterator.return?.();
        return closed instanceof Promise ? closed.then(() => undefined) : undefined;
      },
    };
  }

  #start(): unknown {
    if (typeof this.#data === 'function') return this.#data();
    return isNumbered(this.#data) ? this.#data.batches({shuffle: this.#shuffle}) : this.#data;
  }

  #ended(given: number): void {
    if (given > 0) {
      this.batches = given;
    } else if (this.#rounds > 1) {
      throw new ValueError(
        `${this.#where}: the data was used up by the epoch before; pass the generator function itself, or a dataset, so that each epoch can start it again`,
      );
    }
  }

  #batch(value: unknown): Batch {
    const batch = toBatch(this.#where, value);
    if (this.#classWeight === undefined) return batch;
    if (batch.sampleWeight !== undefined) {
      throw new ValueError(`${this.#where}: classWeight cannot be given where the data yields sample weights`);
    }
    return {...batch, sampleWeight: classWeightsOf(this.#where, batch.y, this.#classWeight)};
  }

  #refuse(value: unknown): never {
    throw new ValueError(`${this.#where}: the function must give an iterable of batches, got ${describe(value)}`);
  }
}

/** The arguments of `fit` and `evaluate`: after data that yields batches the options come at once. */
export function dataAndOptions<O extends object>(
  where: string,
  x: unknown,
  y: unknown,
  options: O | undefined,
): [x: unknown, y: unknown, options: O | undefined] {
  if (!isBatchIterable(x) || y === undefined || y === null) return [x, y, options];
  if (options === undefined && isPlainObject(y)) return [x, undefined, y as O];
  throw new ValueError(
    `${where}: y is for arrays; the data is a dataset or generator, whose batches are [x, y] or [x, y, sampleWeight]`,
  );
}
