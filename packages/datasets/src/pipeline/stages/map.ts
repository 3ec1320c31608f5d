import {isTensor, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {callFor, stageName} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type End, isPending, type Maybe, type Step, chain, until} from '../step.js';

/** A function applied to each element, one at a time. */
export class MapStage<T, R> implements Stage<R> {
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    readonly name: string,
    private readonly input: Stage<T>,
    private readonly fn: (element: T, index: number) => R | PromiseLike<R>,
  ) {
    this.inputs = [input];
    this.size = input.size;
  }

  open(opening: Opening): Cursor<R> {
    const input = this.input.open(opening);
    const {name, fn} = this;
    let index = 0;
    const apply = (element: T | End): Step<R> => {
      if (element === END) return END;
      const at = index++;
      return callFor(name, at, () => fn(element, at));
    };
    return {
      next: () => chain<T | End, R | End>(input.next(), apply),
      skip: (count) =>
        chain(skipIn(input, count), (skipped) => {
          index += skipped;
          return skipped;
        }),
      close: () => input.close(),
    };
  }
}

/** An asynchronous function applied to several elements at a time; the results come in the order of the elements. */
export class ParallelMapStage<T, R> implements Stage<R> {
  readonly name = 'map';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly fn: (element: T, index: number) => R | PromiseLike<R>,
    private readonly calls: number,
  ) {
    this.inputs = [input];
    this.size = input.size;
  }

  open(opening: Opening): Cursor<R> {
    const input = this.input.open(opening);
    const {name, fn, calls} = this;
    // In the order of the elements; a rejection is met when its turn comes.
    const running: Maybe<R>[] = [];
    let index = 0;
    let ended = false;
    const start = (element: T | End): void => {
      if (element === END) {
        ended = true;
        return;
      }
      const at = index++;
      const result = callFor(name, at, () => fn(element, at));
      if (isPending(result)) result.catch(() => undefined);
      running.push(result);
    };
    const attempt = (): Maybe<R | End | Again> => {
      if (!ended && running.length < calls) {
        return chain<T | End, Again>(input.next(), (element) => {
          start(element);
          return AGAIN;
        });
      }
      return running.length === 0 ? END : (running.shift() as Maybe<R>);
    };
    return {
      next: () => until<R | End>(attempt),
      close: () => {
        ended = true;
        running.length = 0;
        return input.close();
      },
    };
  }
}

/** What a condition may give. */
export type Verdict = boolean | Tensor<boolean>;

/** A verdict as a boolean. */
function isYes(name: string, verdict: unknown): boolean {
  if (typeof verdict === 'boolean') return verdict;
  if (isTensor(verdict) && verdict.dtype === 'bool' && verdict.size === 1) return verdict.item() === true;
  throw new ValueError(
    `${stageName(name)}: the function must give a boolean or a bool tensor of one element, got ${describe(verdict)}`,
  );
}

/** The elements for which a condition holds; or those up to the first for which it does not. */
export class FilterStage<T> implements Stage<T> {
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    readonly name: 'filter' | 'takeWhile',
    private readonly input: Stage<T>,
    private readonly keeps: (element: T) => Verdict | PromiseLike<Verdict>,
  ) {
    this.inputs = [input];
    this.size = input.size === 0 ? 0 : null;
  }

  open(opening: Opening): Cursor<T> {
    const input = this.input.open(opening);
    const {name, keeps} = this;
    let index = 0;
    let ended = false;
    const judge = (element: T | End): Maybe<T | End | Again> => {
      if (element === END) return END;
      const verdict = callFor(name, index++, () => keeps(element));
      return chain<Verdict, T | End | Again>(verdict, (yes) => {
        if (isYes(name, yes)) return element;
        if (name === 'filter') return AGAIN;
        ended = true;
        return END;
      });
    };
    const attempt = (): Maybe<T | End | Again> => (ended ? END : chain<T | End, T | End | Again>(input.next(), judge));
    return {next: () => until<T | End>(attempt), close: () => input.close()};
  }
}
