import {EndOfSequenceError, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {Opening, type SavedRound} from './opening.js';
import {type Cursor, outline, skipIn, type Stage} from './stage.js';
import {END, type End, isPending, type Maybe, type Step, chain} from './step.js';

/**
 * A position in a dataset, for JSON: how many elements were given, and the seeds of its random orders. Another run of the same pipeline
 * goes on exactly there.
 */
export interface IteratorState {
  /** The stages that it belongs to. */
  readonly stages: string;
  readonly position: number;
  readonly rounds: readonly SavedRound[];
}

/** Options of `Dataset.iterator`. */
export interface IteratorOptions {
  /** Where to begin: what `save()` of another iterator of this pipeline gave. */
  from?: IteratorState | undefined;
}

/**
 * One pass through a dataset. Elements are asked for with `getNext()`, or with `for await`. Nothing is read before the first
 * element is asked for.
 *
 * @example
 * const iterator = dataset.iterator();
 * const [x, y] = await iterator.getNext();
 */
export class DatasetIterator<E> implements AsyncIterableIterator<E, undefined> {
  readonly #stage: Stage<E>;
  readonly #opening: Opening;
  #cursor: Cursor<E> | null = null;
  #position: number;
  #toSkip: number;
  #ended = false;
  /** The last request that is still on its way. */
  #running: Promise<unknown> | null = null;

  /** @internal Users call `dataset.iterator()`. */
  constructor(stage: Stage<E>, from: IteratorState | undefined) {
    this.#stage = stage;
    if (from !== undefined) checkState(stage, from);
    this.#opening = new Opening(from?.rounds);
    this.#position = from?.position ?? 0;
    this.#toSkip = this.#position;
  }

  /** Number of elements given so far. */
  get position(): number {
    return this.#position;
  }

  /**
   * The next element.
   * @throws EndOfSequenceError after the last one
   */
  async getNext(): Promise<E> {
    const step = await this.#request();
    if (step !== END) return step;
    throw new EndOfSequenceError(
      `iterator.getNext: the dataset has no further element after ${String(this.#position)}; dataset.iterator() starts again, repeat() goes on`,
    );
  }

  /** The next element, for `for await`. */
  next(): Promise<IteratorResult<E, undefined>> {
    const result = (step: E | End): IteratorResult<E, undefined> =>
      step === END ? {done: true, value: undefined} : {done: false, value: step};
    return this.#request().then(result);
  }

  /** Gives up the rest: closes files and ends generators. */
  async return(): Promise<IteratorResult<E, undefined>> {
    await this.#end();
    return {done: true, value: undefined};
  }

  /** The same as `return()`. */
  async close(): Promise<void> {
    await this.#end();
  }

  /** The position, for `dataset.iterator({from})`, in this run or another. */
  save(): IteratorState {
    return {stages: outline(this.#stage), position: this.#position, rounds: this.#opening.save()};
  }

  /** @internal Goes to where it begins, without giving an element; how many elements it passed. */
  async seek(): Promise<number> {
    try {
      return await this.#begin();
    } catch (error) {
      return this.#failed(error);
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal The next element, at once where the pipeline is synchronous. */
  step(): Step<E> {
    if (this.#ended) return END;
    try {
      const step = chain<number, E | End>(this.#begin(), () => this.#cursor?.next() ?? END);
      if (!isPending(step)) return this.#took(step);
      return step.then(
        (value) => this.#took(value),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @internal */
  end(): Maybe<void> {
    return this.#end();
  }

  // One request at a time: the next one waits for those before it.
  #request(): Promise<E | End> {
    // A throw becomes a rejection; without others the work begins now.
    const step =
      this.#running === null
        ? new Promise<E | End>((resolve) => resolve(this.step()))
        : this.#running.then(() => this.step());
    const running = step.then(
      () => undefined,
      () => undefined,
    );
    this.#running = running;
    void running.then(() => {
      if (this.#running === running) this.#running = null;
    });
    return step;
  }

  #begin(): Maybe<number> {
    this.#cursor ??= this.#stage.open(this.#opening);
    if (this.#toSkip === 0) return 0;
    const count = this.#toSkip;
    this.#toSkip = 0;
    return skipIn(this.#cursor, count);
  }

  #took(step: E | End): Step<E> {
    if (step !== END) {
      this.#position += 1;
      return step;
    }
    return chain(this.#end(), (): End => END);
  }

  #failed(error: unknown): never | Promise<never> {
    const closed = this.#end();
    const fail = (): never => {
      throw error;
    };
    return isPending(closed) ? closed.then(fail, fail) : fail();
  }

  #end(): Maybe<void> {
    this.#ended = true;
    const cursor = this.#cursor;
    this.#cursor = null;
    return cursor?.close();
  }
}

function checkState(stage: Stage<unknown>, state: IteratorState): void {
  const where = 'Dataset.iterator: from';
  const {position, rounds, stages} = state;
  const isRound = (entry: unknown): boolean =>
    Array.isArray(entry) && entry.length === 2 && entry.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (!Number.isSafeInteger(position) || position < 0 || !Array.isArray(rounds) || !rounds.every(isRound)) {
    throw new ValueError(`${where} must be what iterator.save() gave, got ${describe(state)}`);
  }
  const own = outline(stage);
  if (stages !== own) {
    throw new ValueError(`${where} belongs to another pipeline: ${describe(stages)}, this one is "${own}"`);
  }
}
