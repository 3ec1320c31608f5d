import {type Rows} from '../elements/rows.js';
import {type Opening, type SeedSource} from '../opening.js';
import {ShuffleRandom} from '../shuffle-random.js';
import {type Cursor, type Size, skipIn, type Stage} from '../stage.js';
import {END, type Step, chain} from '../step.js';

/** The numbers from `start` on: row numbers of a table, or those of `range`. */
export class CountStage implements Stage<number> {
  readonly inputs = [];

  constructor(
    readonly name: string,
    private readonly start: number,
    private readonly step: number,
    readonly size: number,
  ) {}

  open(): Cursor<number> {
    const {start, step, size} = this;
    let at = 0;
    return {
      next: () => (at < size ? start + step * at++ : END),
      skip: (count) => {
        const skipped = Math.min(count, size - at);
        at += skipped;
        return skipped;
      },
      close: () => {
        at = size;
      },
    };
  }
}

/** Random integers below a bound, without end. */
export class RandomStage implements Stage<number> {
  readonly inputs = [];
  readonly size = Infinity;

  constructor(
    readonly name: string,
    private readonly source: SeedSource,
    private readonly bound: number,
  ) {}

  open(opening: Opening): Cursor<number> {
    const random = new ShuffleRandom(opening.draw(this.source));
    return {next: () => random.below(this.bound), close: () => undefined};
  }
}

/** Elements by number: rows of a table in the order that another stage gives. */
export class RowStage<E> implements Stage<E> {
  readonly name: string;
  readonly inputs: readonly Stage<unknown>[];
  readonly size: Size;

  constructor(
    private readonly table: Rows,
    private readonly order: Stage<number>,
  ) {
    this.name = order.name;
    this.inputs = order.inputs;
    this.size = order.size;
  }

  open(opening: Opening): Cursor<E> {
    const order = this.order.open(opening);
    const toRow = (index: number | typeof END) => (index === END ? END : (this.table.row(index) as E));
    return {
      next: (): Step<E> => chain<number | typeof END, E | typeof END>(order.next(), toRow),
      skip: (count) => skipIn(order, count),
      close: () => order.close(),
    };
  }
}
