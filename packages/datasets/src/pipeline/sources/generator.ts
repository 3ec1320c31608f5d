import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {failure, stageName} from '../failure.js';
import {type Cursor, type Size, type Stage} from '../stage.js';
import {END, type Step} from '../step.js';

/** Starts a pass through data: a generator function, or anything that gives an (async) iterable. */
export type Start<T> = () => Iterable<T> | AsyncIterable<T>;

/** Elements of a generator, sync or async, started anew in each pass. */
export class GeneratorStage<T> implements Stage<T> {
  readonly inputs = [];

  constructor(
    readonly name: string,
    private readonly start: Start<T>,
    readonly size: Size = null,
  ) {}

  open(): Cursor<T> {
    const {name} = this;
    let given = 0;
    let ended = false;
    let iterator: Iterator<T> | AsyncIterator<T> | undefined;
    const fail = (error: unknown): never => {
      ended = true;
      throw failure(name, given, error);
    };
    const take = (result: IteratorResult<T, unknown>): T | typeof END => {
      if (result.done === true) {
        ended = true;
        return END;
      }
      given += 1;
      return result.value;
    };
    return {
      next: (): Step<T> => {
        if (ended) return END;
        try {
          iterator ??= this.#begin();
          const result = iterator.next();
          return result instanceof Promise ? result.then(take).catch(fail) : take(result as IteratorResult<T, unknown>);
        } catch (error) {
          return fail(error);
        }
      },
      close: () => {
        const open = ended ? undefined : iterator;
        ended = true;
        const closed: unknown = open?.return?.();
        return closed instanceof Promise ? closed.then(() => undefined) : undefined;
      },
    };
  }

  #begin(): Iterator<T> | AsyncIterator<T> {
    const iterable: unknown = this.start();
    if (typeof iterable === 'object' && iterable !== null) {
      if (Symbol.asyncIterator in iterable) return (iterable as AsyncIterable<T>)[Symbol.asyncIterator]();
      if (Symbol.iterator in iterable) return (iterable as Iterable<T>)[Symbol.iterator]();
    }
    throw new ValueError(
      `${stageName(this.name)}: the function must give an iterable or async iterable, got ${describe(iterable)}`,
    );
  }
}
