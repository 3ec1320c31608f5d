import {isTensor, RaggedTensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {checkCount} from '../layer/arguments.js';

/**
 * What `adapt` takes: one tensor, nested or typed array of all the data, or batches of it one after the other: an array of tensors, a
 * generator, a dataset, also an asynchronous one. A batch may be a list [x, y] whose first entry is meant.
 */
export type AdaptData = unknown;

/** Options of `adapt`. */
export interface AdaptOptions {
  /** At most so many batches. Default: all. */
  steps?: number | null | undefined;
}

/** What comes of adapting: a Promise where the data are asynchronous. */
export type Adapted<T> = T extends AsyncIterable<unknown> ? Promise<void> : undefined;

const isArrayLike = (value: unknown): boolean =>
  isTensor(value) || value instanceof RaggedTensor || ArrayBuffer.isView(value);

const holdsArrays = (value: readonly unknown[]): boolean =>
  value.some((entry) => isArrayLike(entry) || (Array.isArray(entry) && holdsArrays(entry)));

/** Whether data are all there at once: nested arrays of plain elements count, a list of tensors does not. */
const isWhole = (data: unknown): boolean =>
  isArrayLike(data) ||
  typeof data === 'number' ||
  typeof data === 'bigint' ||
  typeof data === 'string' ||
  (Array.isArray(data) && !holdsArrays(data));

/** The inputs of a batch: of [x, y] and [x, y, weights] x. */
const inputsOf = (batch: unknown): unknown =>
  Array.isArray(batch) && batch.length > 0 && isArrayLike(batch[0]) ? batch[0] : batch;

function hasMethod(value: unknown, method: symbol): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return method in value;
}

/** What a layer does with the data that it adapts to. */
export interface Visitor {
  /** All the data at once. */
  readonly whole: (data: unknown) => void;
  readonly batch: (data: unknown) => void;
  /** Called at the end; only then may the layer change. */
  readonly done: () => void;
}

/**
 * Walks through data once.
 * @throws ValueError for what is neither data nor batches, or has no batch
 */
export function visitBatches<T>(where: string, data: T, options: AdaptOptions, visitor: Visitor): Adapted<T> {
  const {steps = null} = options;
  if (steps !== null) checkCount(where, 'steps', steps);
  const run = (): unknown => {
    if (isWhole(data)) {
      visitor.whole(data);
      visitor.done();
      return undefined;
    }
    let count = 0;
    const next = (batch: unknown): boolean => {
      visitor.batch(inputsOf(batch));
      count += 1;
      return count === steps;
    };
    const finish = (): void => {
      if (count === 0) throw new ValueError(`${where}: the data have no batch`);
      visitor.done();
    };
    // A Dataset has both; it may be one whose stages wait.
    if (hasMethod(data, Symbol.asyncIterator)) {
      return (async () => {
        for await (const batch of data as AsyncIterable<unknown>) if (next(batch)) break;
        finish();
      })();
    }
    if (hasMethod(data, Symbol.iterator)) {
      for (const batch of data as Iterable<unknown>) if (next(batch)) break;
      finish();
      return undefined;
    }
    throw new ValueError(`${where}: a tensor, an array or batches of them are needed, got ${describe(data)}`);
  };
  return run() as Adapted<T>;
}
