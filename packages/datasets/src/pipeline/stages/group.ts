import {callFor} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, sizeAfter, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type End, type Maybe, chain, until} from '../step.js';

/** Lists of as many elements as the counts say, in turn; the last may have fewer. */
export class GroupStage<T> implements Stage<T[]> {
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    readonly name: string,
    private readonly input: Stage<T>,
    private readonly counts: readonly number[],
    private readonly dropRemainder: boolean,
  ) {
    this.inputs = [input];
    const [count = 1, ...others] = counts;
    this.size =
      others.length > 0
        ? null
        : sizeAfter(input.size, (size) => (dropRemainder ? Math.floor : Math.ceil)(size / count));
  }

  open(opening: Opening): Cursor<T[]> {
    const input = this.input.open(opening);
    const {counts, dropRemainder} = this;
    let index = 0;
    let count = counts[0] ?? 1;
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
      index += 1;
      count = counts[index % counts.length] ?? 1;
      return whole;
    };
    const attempt = (): Maybe<T[] | End | Again> =>
      ended ? END : chain<T | End, T[] | End | Again>(input.next(), take);
    return {
      next: () => until<T[] | End>(attempt),
      skip: (groups) => {
        const wanted = sumOf(counts, index, groups);
        return chain(skipIn(input, wanted), (skipped) => {
          if (skipped < wanted) ended = true;
          const whole = skipped === wanted ? groups : groupsWithin(counts, index, skipped, dropRemainder);
          index += whole;
          count = counts[index % counts.length] ?? 1;
          return whole;
        });
      },
      close: () => {
        ended = true;
        group = [];
        return input.close();
      },
    };
  }
}

/** Elements of the next groups. */
function sumOf(counts: readonly number[], from: number, groups: number): number {
  if (counts.length === 1) return groups * (counts[0] ?? 1);
  let sum = 0;
  for (let i = 0; i < groups; i++) sum += counts[(from + i) % counts.length] ?? 1;
  return sum;
}

/** Groups that the last elements make. */
function groupsWithin(counts: readonly number[], from: number, elements: number, dropRemainder: boolean): number {
  let groups = 0;
  let left = elements;
  for (;;) {
    left -= counts[(from + groups) % counts.length] ?? 1;
    if (left < 0) break;
    groups += 1;
  }
  const before = sumOf(counts, from, groups);
  return elements > before && !dropRemainder ? groups + 1 : groups;
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
