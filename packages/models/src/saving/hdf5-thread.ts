import {Worker} from 'node:worker_threads';
import {FileFormatError} from '@keratin/core';

// Threads that read HDF5 files; see `hdf5-worker.mjs`.

/** The texts of an attribute, or why they cannot be read. */
export type StoredAttribute = {readonly texts: readonly string[]} | {readonly problem: string};

/** What an array is made of, as the library tells. */
export interface StoredMetadata {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly shape: readonly number[] | null;
  readonly count: number;
  readonly isVirtual: boolean;
  readonly choices: Readonly<Record<string, number>> | null;
}

/** What a path of a file leads to. */
export interface StoredEntry {
  readonly kind: 'group' | 'dataset' | 'link' | 'nothing';
  /** Where a link leads. */
  readonly target?: string;
  /** Why it cannot be read. */
  readonly problem?: string;
  /** What a group holds. */
  readonly names?: readonly string[];
  /** By name; under `''` stands why none can be read. */
  readonly attributes?: ReadonlyMap<string, StoredAttribute>;
  readonly metadata?: StoredMetadata;
}

type Request =
  | {readonly task: 'open'; readonly bytes: Uint8Array}
  | {readonly task: 'read'; readonly path: string; readonly size: number}
  | {readonly task: 'close'};

type Answer<T> = {readonly value: T} | {readonly problem: string; readonly fatal: boolean};

/** From the sources and from the compiled package. */
const program = new URL('../../src/saving/hdf5-worker.mjs', import.meta.url);

/** A thread whose library took more is not used again. */
const MOST_KEPT_BYTES = 256 << 20;
const DEFAULT_SECONDS = 30;
const BYTES_PER_SECOND = 20e6;

/** `KERATIN_HDF5_SECONDS`: how long a small file may take. */
function secondsFor(bytes: number): number {
  const given = Number(process.env['KERATIN_HDF5_SECONDS']);
  return (given > 0 ? given : DEFAULT_SECONDS) + bytes / BYTES_PER_SECOND;
}

/** Threads that wait for a file. */
const idle: Hdf5Thread[] = [];

/** A thread with one file open. */
export class Hdf5Thread {
  readonly #worker = new Worker(program);
  #seconds = DEFAULT_SECONDS;
  #ended = false;
  #pending: Promise<unknown> = Promise.resolve();

  private constructor() {
    // Errors of the thread itself arrive at the call that waits.
    this.#worker.on('error', () => (this.#ended = true));
    this.#worker.unref();
  }

  /**
   * What is in a file, in a thread that waits or a new one.
   * @throws FileFormatError with the reason, where it is not all of a file
   */
  static async open(bytes: Uint8Array): Promise<{thread: Hdf5Thread; entries: ReadonlyMap<string, StoredEntry>}> {
    const thread = idle.pop() ?? new Hdf5Thread();
    thread.#seconds = secondsFor(bytes.length);
    try {
      return {thread, entries: await thread.#ask<ReadonlyMap<string, StoredEntry>>({task: 'open', bytes})};
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** The bytes of an array. */
  read(path: string, size: number): Promise<Uint8Array> {
    return this.#ask<Uint8Array>({task: 'read', path, size});
  }

  /** Ends the use of the file. */
  async close(): Promise<void> {
    if (this.#ended) return;
    try {
      const bytes = await this.#ask<number>({task: 'close'});
      if (bytes <= MOST_KEPT_BYTES) {
        idle.push(this);
        return;
      }
    } catch {
      // What is damaged may not be closed in good order; nothing was written.
    }
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  /** One question after another. */
  #ask<T>(request: Request): Promise<T> {
    const next = this.#pending.then(() => this.#answer<T>(request));
    this.#pending = next.catch(() => undefined);
    return next;
  }

  async #answer<T>(request: Request): Promise<T> {
    if (this.#ended) throw new FileFormatError('its reader has ended');
    const worker = this.#worker;
    // While a question waits the process stays.
    worker.ref();
    const answer = await new Promise<Answer<T>>((resolve) => {
      const fatal = (problem: string) => done({problem, fatal: true});
      const failed = (error: unknown) => fatal(error instanceof Error ? error.message : String(error));
      const exited = () => fatal('its reader ended');
      const timer = setTimeout(
        () => fatal(`it took more than ${this.#seconds.toFixed(0)} s, as damaged files do`),
        this.#seconds * 1000,
      );
      const done = (result: Answer<T>) => {
        clearTimeout(timer);
        worker.off('message', done).off('error', failed).off('exit', exited);
        resolve(result);
      };
      worker.on('message', done).on('error', failed).on('exit', exited);
      worker.postMessage(request);
    });
    worker.unref();
    if ('value' in answer) return answer.value;
    if (answer.fatal) await this.#end();
    throw new FileFormatError(answer.problem);
  }
}
