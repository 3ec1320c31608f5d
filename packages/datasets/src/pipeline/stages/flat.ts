import {checkOutcome} from './outcome.js';
import {callFor} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, closeAll, type Size, type Stage} from '../stage.js';
import {AGAIN, type Again, chain, END, type End, type Maybe, until} from '../step.js';

/**
 * The elements of the datasets that a function makes of the elements: `cycleLength` of them at a time, `blockLength` elements of each in
 * turn. With one at a time it is `flatMap`.
 */
export class InterleaveStage<T, R> implements Stage<R> {
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    readonly name: string,
    private readonly input: Stage<T>,
    private readonly fn: (element: T, index: number) => unknown,
    private readonly cycleLength: number,
    private readonly blockLength: number,
  ) {
    this.inputs = [input];
    this.size = input.size === 0 ? 0 : null;
  }

  open(opening: Opening): Cursor<R> {
    const input = this.input.open(opening);
    const {name, fn, cycleLength, blockLength} = this;
    const slots = new Array<Cursor<R> | null>(cycleLength).fill(null);
    let slot = 0;
    let inBlock = 0;
    let index = 0;
    let inputEnded = false;
    let numOpen = 0;
    const advance = (): Again => {
      slot = (slot + 1) % cycleLength;
      inBlock = 0;
      return AGAIN;
    };
    const begin = (element: T | End): Maybe<Again> => {
      if (element === END) {
        inputEnded = true;
        return AGAIN;
      }
      const at = index++;
      return chain(
        callFor(name, at, () => fn(element, at)),
        (made): Again => {
          slots[slot] = checkOutcome<R>(name, made).open(opening);
          numOpen += 1;
          return AGAIN;
        },
      );
    };
    const attempt = (): Maybe<R | End | Again> => {
      const current = slots[slot] ?? null;
      if (current !== null) {
        return chain<R | End, R | End | Again>(current.next(), (value) => {
          if (value !== END) {
            inBlock += 1;
            if (inBlock >= blockLength) advance();
            return value;
          }
          slots[slot] = null;
          numOpen -= 1;
          return chain(current.close(), advance);
        });
      }
      if (!inputEnded) return chain<T | End, Again>(input.next(), begin);
      return numOpen === 0 ? END : advance();
    };
    return {
      next: () => until<R | End>(attempt),
      close: () => {
        inputEnded = true;
        const open = slots.splice(0, slots.length, null);
        numOpen = 0;
        return closeAll([...open, input]);
      },
    };
  }
}
