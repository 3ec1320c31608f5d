import {callFor} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, sizeAfter, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type End, type Maybe, chain, until} from '../step.js';

/** Lists of `count` elements; the last may have fewer. */
export class GroupStage<T> implements Stage<T[]> {
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    readonly name: string,
    private readonly input: Stage<T>,
    private readonly count: number,
    private readonly dropRemainder: boolean,
  ) {
    this.inputs = [input];
    this.size = sizeAfter(input.size, (size) => (dropRemainder ? Math.floor : Math.ceil)(size / count));
  }

  open(opening: Opening): Cursor<T[]> {
    const input = this.input.open(opening);
    const {count, dropRemainder} = this;
    let group: T[] = [];
    let ended = false;
    const take = (value: T | End): T[] | End | Again => {
      if (value === END) {
        ended = true;
        if (group.length === 0 || dropRemainder) return END;
      } else {
        group.push(value);
        if (group.length < count) return AGAIN;
      }
      const whole = group;
      group = [];
      return whole;
    };
    const attempt = (): Maybe<T[] | End | Again> =>
      ended ? END : chain<T | End, T[] | End | Again>(input.next(), take);
    return {
      next: () => until<T[] | End>(attempt),
      skip: (groups) =>
        chain(skipIn(input, groups * count), (skipped) => {
          if (skipped < groups * count) ended = true;
          return dropRemainder ? Math.floor(skipped / count) : Math.ceil(skipped / count);
        }),
      close: () => {
        ended = true;
        group = [];
        return input.close();
      },
    };
  }
}

/** Groups of elements made into one each; to the user it is one stage with the one that makes the groups. */
export class PackStage<G, R> implements Stage<R> {
  readonly name: string;
  readonly inputs: readonly Stage<unknown>[];
  readonly size: Size;

  constructor(
    private readonly groups: Stage<G>,
    private readonly pack: (group: G) => R,
  ) {
    this.name = groups.name;
    this.inputs = groups.inputs;
    this.size = groups.size;
  }

  open(opening: Opening): Cursor<R> {
    const groups = this.groups.open(opening);
    let given = 0;
    const pack = (group: G | End): Maybe<R | End> =>
      group === END ? END : callFor(this.name, given++, () => this.pack(group));
    return {
      next: () => chain<G | End, R | End>(groups.next(), pack),
      skip: (count) => {
        given += count;
        return skipIn(groups, count);
      },
      close: () => groups.close(),
    };
  }
}
