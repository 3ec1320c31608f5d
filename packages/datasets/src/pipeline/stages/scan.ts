import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {callFor, stageName} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, type Stage} from '../stage.js';
import {AGAIN, type Again, chain, END, type End, type Maybe, type Step, until} from '../step.js';

/** Elements made of a state that goes along. */
export class ScanStage<T, S, R> implements Stage<R> {
  readonly name = 'scan';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly initialState: S,
    private readonly fn: (state: S, element: T) => Maybe<readonly [S, R]>,
  ) {
    this.inputs = [input];
    this.size = input.size;
  }

  open(opening: Opening): Cursor<R> {
    const input = this.input.open(opening);
    let state = this.initialState;
    let index = 0;
    const apply = (element: T | End): Step<R> => {
      if (element === END) return END;
      const made = callFor(this.name, index++, () => this.fn(state, element));
      return chain<unknown, R | End>(made, (pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) {
          throw new ValueError(
            `${stageName(this.name)}: the function must give [state, element], got ${describe(pair)}`,
          );
        }
        const [next, value] = pair as [S, R];
        state = next;
        return value;
      });
    };
    return {
      next: () => chain<T | End, R | End>(input.next(), apply),
      close: () => input.close(),
    };
  }
}

/** Each element once, where it comes first; keys of all that came are kept. */
export class UniqueStage<T> implements Stage<T> {
  readonly name = 'unique';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly keyOf: (element: T) => string,
  ) {
    this.inputs = [input];
    this.size = input.size === 0 ? 0 : null;
  }

  open(opening: Opening): Cursor<T> {
    const input = this.input.open(opening);
    const seen = new Set<string>();
    let index = 0;
    const judge = (element: T | End): Maybe<T | End | Again> => {
      if (element === END) return END;
      return chain(
        callFor(this.name, index++, () => this.keyOf(element)),
        (key): T | Again => {
          if (seen.has(key)) return AGAIN;
          seen.add(key);
          return element;
        },
      );
    };
    return {
      next: () => until<T | End>(() => chain<T | End, T | End | Again>(input.next(), judge)),
      close: () => input.close(),
    };
  }
}
