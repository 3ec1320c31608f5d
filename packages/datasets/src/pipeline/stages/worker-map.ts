import {callFor, failure, stageName} from '../failure.js';
import {type Opening} from '../opening.js';
import {type Cursor, type Size, skipIn, type Stage} from '../stage.js';
import {AGAIN, type Again, chain, END, type End, type Maybe, until} from '../step.js';
import {type Job} from '../workers/job.js';
import {ThreadPool} from '../workers/pool.js';

/** How long a failure waits for the results before it. */
const FAILURE_MS = 500;

/** A function applied to several elements at a time in worker threads; the results come in the order of the elements. */
export class WorkerMapStage<T, R> implements Stage<R> {
  readonly name = 'map';
  readonly inputs: readonly [Stage<T>];
  readonly size: Size;
  readonly #pool: ThreadPool;

  /** @param calls how many elements are on their way at a time */
  constructor(
    private readonly input: Stage<T>,
    job: Job,
    workers: number,
    private readonly calls: number,
  ) {
    this.inputs = [input];
    this.size = input.size;
    this.#pool = new ThreadPool(job, workers);
  }

  open(opening: Opening): Cursor<R> {
    return new WorkerMapCursor<T, R>(this.input.open(opening), this.#pool, this.calls);
  }
}

class WorkerMapCursor<T, R> implements Cursor<R> {
  readonly #input: Cursor<T>;
  readonly #pool: ThreadPool;
  readonly #calls: number;
  /** In the order of the elements. */
  readonly #running: Promise<R>[] = [];
  /** Rejects some time after the first failure, whatever comes before it. */
  readonly #overdue: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #index = 0;
  #entered = false;
  #ended = false;
  #closed = false;

  constructor(input: Cursor<T>, pool: ThreadPool, calls: number) {
    this.#input = input;
    this.#pool = pool;
    this.#calls = calls;
    this.#overdue = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.#overdue.catch(() => undefined);
  }

  next(): Maybe<R | End> {
    return until<R | End>(() => this.#attempt());
  }

  skip(count: number): Maybe<number> {
    // Before the first element is asked for, which is when positions are restored.
    if (this.#running.length > 0) return skipIn({next: () => this.next(), close: () => undefined}, count);
    return chain(skipIn(this.#input, count), (skipped) => {
      this.#index += skipped;
      return skipped;
    });
  }

  close(): Maybe<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.#running.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#entered) this.#pool.leave();
    return this.#input.close();
  }

  #attempt(): Maybe<R | End | Again> {
    if (!this.#ended && this.#running.length < this.#calls) {
      return chain<T | End, Again>(this.#input.next(), (element) => {
        this.#start(element);
        return AGAIN;
      });
    }
    const first = this.#running.shift();
    return first === undefined ? END : Promise.race([first, this.#overdue]);
  }

  #start(element: T | End): void {
    if (element === END || this.#closed) {
      this.#ended = true;
      return;
    }
    if (!this.#entered) this.#pool.enter();
    this.#entered = true;
    const at = this.#index++;
    const result = callFor('map', at, () => this.#pool.run(stageName('map'), element, at)) as Promise<R>;
    result.catch((error: unknown) => {
      this.#timer ??= setTimeout(() => this.#fail(failure('map', at, error)), FAILURE_MS);
    });
    this.#running.push(result);
  }
}
