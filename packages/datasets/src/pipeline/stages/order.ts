import {type Opening} from '../opening.js';
import {type Cursor, closeAll, type Size, sizeAfter, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, END, type End, type Maybe, type Step, chain, until} from '../step.js';

// Stages that choose which elements come and in which order; they look at none, so that they work on row numbers as well.

/** The first `count` elements. */
export class TakeStage<T> implements Stage<T> {
  readonly name = 'take';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly count: number,
  ) {
    this.inputs = [input];
    this.size = count === 0 ? 0 : sizeAfter(input.size, (size) => Math.min(size, count));
  }

  open(opening: Opening): Cursor<T> {
    const input = this.input.open(opening);
    let left = this.count;
    return {
      next: () => {
        if (left === 0) return END;
        left -= 1;
        return input.next();
      },
      skip: (count) => {
        const wanted = Math.min(count, left);
        left -= wanted;
        return skipIn(input, wanted);
      },
      close: () => input.close(),
    };
  }
}

/** All but the first `count` elements. */
export class SkipStage<T> implements Stage<T> {
  readonly name = 'skip';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly count: number,
  ) {
    this.inputs = [input];
    this.size = sizeAfter(input.size, (size) => Math.max(size - count, 0));
  }

  open(opening: Opening): Cursor<T> {
    const input = this.input.open(opening);
    let toSkip = this.count;
    const pass = (): Maybe<number> => {
      const count = toSkip;
      toSkip = 0;
      return count === 0 ? 0 : skipIn(input, count);
    };
    return {
      next: () => (toSkip === 0 ? input.next() : chain(pass(), () => input.next())),
      skip: (count) => (toSkip === 0 ? skipIn(input, count) : chain(pass(), () => skipIn(input, count))),
      close: () => input.close(),
    };
  }
}

/** Passes through the input one after the other: `count` of them, or without end. */
export class RepeatStage<T> implements Stage<T> {
  readonly name = 'repeat';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly count: number,
  ) {
    this.inputs = [input];
    this.size = count === 0 || input.size === 0 ? 0 : sizeAfter(input.size, (size) => size * count);
  }

  open(opening: Opening): Cursor<T> {
    let left = this.count;
    let cursor: Cursor<T> | null = null;
    let given = false;
    // A pass has ended; one without elements would repeat for ever.
    const ended = (old: Cursor<T>): Maybe<Again | End> => {
      cursor = null;
      if (!given) left = 0;
      given = false;
      return chain(old.close(), () => AGAIN);
    };
    const current = (): Cursor<T> | null => {
      if (cursor === null && left > 0) {
        left -= 1;
        cursor = this.input.open(opening);
      }
      return cursor;
    };
    const attempt = (): Maybe<T | End | Again> => {
      const now = current();
      if (now === null) return END;
      return chain<T | End, T | End | Again>(now.next(), (value) => {
        if (value === END) return ended(now);
        given = true;
        return value;
      });
    };
    return {
      next: () => until<T | End>(attempt),
      skip: (count) => {
        let skipped = 0;
        return until<number>(() => {
          const now = current();
          if (now === null || skipped >= count) return skipped;
          return chain<number, number | Again>(skipIn(now, count - skipped), (some) => {
            if (some > 0) given = true;
            skipped += some;
            if (skipped >= count) return skipped;
            return chain<Again | End, number | Again>(ended(now), () => AGAIN);
          });
        });
      },
      close: () => {
        left = 0;
        const open = cursor;
        cursor = null;
        return open?.close();
      },
    };
  }
}

/** Every `numShards`-th element, from `index` on. */
export class ShardStage<T> implements Stage<T> {
  readonly name = 'shard';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly numShards: number,
    private readonly index: number,
  ) {
    this.inputs = [input];
    this.size = sizeAfter(input.size, (size) => Math.max(Math.ceil((size - index) / numShards), 0));
  }

  open(opening: Opening): Cursor<T> {
    const input = this.input.open(opening);
    let before = this.index;
    return {
      next: (): Step<T> => {
        const passed = before === 0 ? 0 : skipIn(input, before);
        before = this.numShards - 1;
        return chain<number, T | End>(passed, () => input.next());
      },
      close: () => input.close(),
    };
  }
}

/** Several inputs, one after the other. */
export class ConcatenateStage<T> implements Stage<T> {
  readonly name = 'concatenate';
  readonly size: Size;

  constructor(readonly inputs: readonly Stage<T>[]) {
    this.size = inputs.reduce<Size>((sum, {size}) => {
      if (sum === Infinity || size === Infinity) return Infinity;
      return sum === null || size === null ? null : sum + size;
    }, 0);
  }

  open(opening: Opening): Cursor<T> {
    let at = 0;
    let cursor: Cursor<T> | null = null;
    const attempt = (): Maybe<T | End | Again> => {
      cursor ??= this.inputs[at]?.open(opening) ?? null;
      const now = cursor;
      if (now === null) return END;
      return chain<T | End, T | End | Again>(now.next(), (value) => {
        if (value !== END) return value;
        at += 1;
        cursor = null;
        return chain(now.close(), () => AGAIN);
      });
    };
    return {
      next: () => until<T | End>(attempt),
      close: () => {
        at = this.inputs.length;
        const open = cursor;
        cursor = null;
        return closeAll([open]);
      },
    };
  }
}
