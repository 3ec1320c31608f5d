import {callFor} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, sizeAfter, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, chain, END, type End, type Maybe, until} from '../step.js';

/** How windows lie. */
export interface WindowLayout {
  /** Elements of a window. */
  readonly size: number;
  /** From the start of a window to that of the next. */
  readonly shift: number;
  /** From an element of a window to the next. */
  readonly stride: number;
  readonly dropRemainder: boolean;
}

/** Lists of elements that lie in windows over the input. */
export class WindowStage<T> implements Stage<T[]> {
  readonly name = 'window';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly layout: WindowLayout,
  ) {
    this.inputs = [input];
    const {size, shift, stride, dropRemainder} = layout;
    const span = dropRemainder ? (size - 1) * stride + 1 : 1;
    this.size = sizeAfter(input.size, (n) => Math.max(Math.floor((n - span) / shift) + 1, 0));
  }

  open(opening: Opening): Cursor<T[]> {
    const input = this.input.open(opening);
    const {size, shift, stride, dropRemainder} = this.layout;
    const span = (size - 1) * stride + 1;
    let buffer: T[] = [];
    let toSkip = 0;
    let ended = false;
    const push = (value: T | End): Again => {
      if (value === END) ended = true;
      else buffer.push(value);
      return AGAIN;
    };
    const attempt = (): Maybe<T[] | End | Again> => {
      if (toSkip > 0 && !ended) {
        const count = toSkip;
        toSkip = 0;
        return chain<number, Again>(skipIn(input, count), () => AGAIN);
      }
      if (!ended && buffer.length < span) return chain<T | End, Again>(input.next(), push);
      const window = buffer.filter((_, i) => i < span && i % stride === 0);
      if (window.length === 0 || (window.length < size && dropRemainder)) return END;
      toSkip = Math.max(shift - buffer.length, 0);
      buffer = buffer.slice(shift);
      return window;
    };
    return {
      next: () => until<T[] | End>(attempt),
      close: () => {
        ended = true;
        buffer = [];
        return input.close();
      },
    };
  }
}

/** Lists of `windowSize(key)` elements of one key, with the key; what is left at the end comes by key. */
export class KeyedGroupStage<T> implements Stage<readonly [key: number, group: T[]]> {
  readonly inputs: readonly [Stage<T>];
  readonly size = null;

  constructor(
    readonly name: string,
    private readonly input: Stage<T>,
    private readonly keyOf: (element: T) => Maybe<number>,
    private readonly windowSize: (key: number) => number,
  ) {
    this.inputs = [input];
  }

  open(opening: Opening): Cursor<readonly [number, T[]]> {
    const input = this.input.open(opening);
    const {name, keyOf, windowSize} = this;
    const groups = new Map<number, T[]>();
    let index = 0;
    let rest: (readonly [number, T[]])[] | null = null;
    type Result = readonly [number, T[]] | End | Again;
    const sort = (element: T | End): Maybe<Result> => {
      if (element === END) {
        rest = [...groups].sort(([a], [b]) => a - b);
        groups.clear();
        return AGAIN;
      }
      const key = callFor(name, index++, () => keyOf(element));
      return chain<number, Result>(key, (of) => {
        const group = groups.get(of) ?? [];
        group.push(element);
        if (group.length < windowSize(of)) {
          groups.set(of, group);
          return AGAIN;
        }
        groups.delete(of);
        return [of, group];
      });
    };
    const attempt = (): Maybe<Result> =>
      rest === null ? chain<T | End, Result>(input.next(), sort) : (rest.shift() ?? END);
    return {
      next: () => until<readonly [number, T[]] | End>(attempt),
      close: () => {
        groups.clear();
        rest = [];
        return input.close();
      },
    };
  }
}
