import {type Opening} from '../opening.js';
import {type Cursor, type Size, skipIn, type Stage} from '../stage.js';
import {END, type End, isPending, type Maybe, type Step, chain} from '../step.js';

type Fetched<T> = {readonly value: T | End} | {readonly error: unknown};

/** Up to `count` elements are made ready while the consumer works on others. */
export class PrefetchStage<T> implements Stage<T> {
  readonly name = 'prefetch';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;

  constructor(
    private readonly input: Stage<T>,
    private readonly count: number,
  ) {
    this.inputs = [input];
    this.size = input.size;
  }

  open(opening: Opening): Cursor<T> {
    return new PrefetchCursor(this.input.open(opening), this.count);
  }
}

class PrefetchCursor<T> implements Cursor<T> {
  readonly #input: Cursor<T>;
  readonly #count: number;
  #ready: Fetched<T>[] = [];
  #fetching: Promise<void> | null = null;
  #timer: NodeJS.Immediate | null = null;
  #ended = false;

  constructor(input: Cursor<T>, count: number) {
    this.#input = input;
    this.#count = count;
  }

  next(): Step<T> {
    const first = this.#ready.shift();
    if (first !== undefined) {
      this.#goOn();
      if ('error' in first) throw first.error;
      return first.value;
    }
    if (this.#fetching !== null) return this.#fetching.then(() => this.next());
    if (this.#ended) return END;
    return chain(this.#fetch(), () => this.next());
  }

  skip(count: number): Maybe<number> {
    // Nothing was fetched before the first element is asked for, which is when positions are restored.
    if (this.#ready.length === 0 && this.#fetching === null) return skipIn(this.#input, count);
    return skipIn({next: () => this.next(), close: () => undefined}, count);
  }

  close(): Maybe<void> {
    this.#ended = true;
    this.#ready = [];
    if (this.#timer !== null) clearImmediate(this.#timer);
    this.#timer = null;
    return this.#input.close();
  }

  // One element per turn of the event loop, so that timers and other work go on.
  #goOn(): void {
    if (this.#timer !== null || this.#fetching !== null || this.#ended || this.#ready.length >= this.#count) return;
    this.#timer = setImmediate(() => {
      this.#timer = null;
      if (this.#fetching !== null || this.#ended) return;
      const fetched = this.#fetch();
      if (isPending(fetched)) void fetched.then(() => this.#goOn());
      else this.#goOn();
    });
  }

  #fetch(): Maybe<void> {
    let step: Step<T>;
    try {
      step = this.#input.next();
    } catch (error) {
      this.#keep({error});
      return;
    }
    if (!isPending(step)) {
      this.#keep({value: step});
      return;
    }
    const keep = (fetched: Fetched<T>): void => {
      this.#fetching = null;
      this.#keep(fetched);
    };
    this.#fetching = step.then(
      (value) => keep({value}),
      (error: unknown) => keep({error}),
    );
    return this.#fetching;
  }

  #keep(fetched: Fetched<T>): void {
    if (this.#ended) return;
    if ('error' in fetched || fetched.value === END) this.#ended = true;
    this.#ready.push(fetched);
  }
}
