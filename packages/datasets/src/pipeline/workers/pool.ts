import {type Worker} from 'node:worker_threads';
import {type Job} from './job.js';
import {type Answer, type Question} from './messages.js';
import {pack, unpack} from './parcel.js';
import {startThread} from './start-thread.js';

/** How long threads wait for another pass. */
const IDLE_MS = 2000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread and the elements that it has. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  failed: Error | null = null;

  constructor(job: Job) {
    this.#worker = startThread(job);
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the worker thread ended (exit code ${String(code)})`)));
    this.#worker.unref();
  }

  get load(): number {
    return this.#waiting.size;
  }

  ask(question: Question, memory: ArrayBuffer[]): Promise<unknown> {
    if (this.failed !== null) return Promise.reject(this.failed);
    // A program that waits for a result does not end before it.
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.id, {resolve, reject});
      this.#worker.postMessage(question, memory);
    });
  }

  /** Lets the program end although results are missing: nobody wants them. */
  release(): void {
    this.#worker.unref();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (waiting === undefined) return;
    if (!('error' in answer)) {
      waiting.resolve(unpack(answer.content));
      return;
    }
    const {name, message, stack} = answer.error;
    const error = new Error(message);
    waiting.reject(Object.assign(error, {name, stack: stack ?? error.stack}));
  }

  #fail(error: Error): void {
    this.failed ??= error;
    for (const {reject} of this.#waiting.values()) reject(this.failed);
    this.#waiting.clear();
    this.#worker.unref();
  }
}

/** Worker threads that do one job. They begin with the first pass, serve later ones, and end some time after the last. */
export class ThreadPool {
  readonly #job: Job;
  readonly #count: number;
  #threads: Thread[] = [];
  #users = 0;
  #nextId = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(job: Job, count: number) {
    this.#job = job;
    this.#count = count;
  }

  /** A pass begins. */
  enter(): void {
    this.#users += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // One that failed is given up with the pass that it failed.
    this.#threads = this.#threads.filter(({failed}) => failed === null);
    while (this.#threads.length < this.#count) this.#threads.push(new Thread(this.#job));
  }

  /** A pass is over. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const thread of this.#threads) thread.release();
    this.#timer = setTimeout(() => {
      const threads = this.#threads;
      this.#threads = [];
      for (const thread of threads) void thread.end();
    }, IDLE_MS);
    this.#timer.unref();
  }

  /** The result for an element. */
  run(where: string, element: unknown, index: number): Promise<unknown> {
    const {content, memory} = pack(where, element);
    const thread = this.#threads.reduce((least, other) => (other.load < least.load ? other : least));
    return thread.ask({id: this.#nextId++, index, content}, memory);
  }
}
