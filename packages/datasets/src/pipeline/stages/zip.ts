import {type Layout, rebuild} from '../elements/layout.js';
import {type Opening} from '../opening.js';
import {type Cursor, closeAll, type Size, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type Maybe, chain, until} from '../step.js';

/** One element of each input, together; ends with the shortest. */
export class ZipStage<R> implements Stage<R> {
  readonly name = 'zip';
  readonly size: Size;

  constructor(
    readonly inputs: readonly Stage<unknown>[],
    private readonly layout: Layout,
  ) {
    const sizes = inputs.map(({size}) => size);
    this.size = sizes.includes(0) ? 0 : sizes.includes(null) ? null : Math.min(...(sizes as number[]));
  }

  open(opening: Opening): Cursor<R> {
    const cursors = this.inputs.map((input) => input.open(opening));
    let values: unknown[] = [];
    let ended = false;
    const attempt = (): Maybe<R | typeof END | Again> => {
      if (ended) return END;
      const cursor = cursors[values.length];
      if (cursor === undefined) {
        const whole = values;
        values = [];
        return rebuild(this.layout, (i) => whole[i]) as R;
      }
      return chain<unknown, typeof END | Again>(cursor.next(), (value) => {
        if (value === END) {
          ended = true;
          return END;
        }
        values.push(value);
        return AGAIN;
      });
    };
    return {
      next: () => until<R | typeof END>(attempt),
      skip: (count): Maybe<number> => {
        let least = count;
        let at = 0;
        return until<number>(() => {
          const cursor = cursors[at++];
          if (cursor === undefined) return least;
          return chain<number, Again>(skipIn(cursor, count), (skipped) => {
            least = Math.min(least, skipped);
            if (skipped < count) ended = true;
            return AGAIN;
          });
        });
      },
      close: () => closeAll(cursors),
    };
  }
}
