import {addon} from '@keratin/native';
import {DisposedError} from '../errors.js';

/**
 * A native buffer. It lives as long as this object is reachable; nobody has to release it.
 * Tensors and views share storages; a Variable writes into its own only while it is the one holder.
 */
export class Storage {
  /** Positive while the buffer is live; set by the call that allocates it. */
  handle = 0;
  /** A tensor or view that a user can reach has it: a Variable must not write into it any more. */
  shared = false;
  /** Tapes that saved it and are still alive. */
  holds = 0;

  static allocate(bytes: number): Storage {
    const storage = new Storage();
    storage.handle = addon.allocate(bytes, storage);
    return noteCreated(storage);
  }

  /** One without a buffer, of a tensor that was disposed of. */
  static released(): Storage {
    const storage = new Storage();
    storage.handle = -1;
    return storage;
  }

  /** Releases the buffer now. */
  release(): void {
    if (this.handle > 0) addon.release(this.handle);
    this.handle = -1;
  }

  /** The handle, or an error after `dispose()`. */
  get live(): number {
    this.assertLive();
    return this.handle;
  }

  /** Ends what changes the memory on another thread. */
  settle(): void {
    // Nothing does.
  }

  /** A compiled program has it as a constant: it lives as long as somebody reaches it. */
  keep(): void {
    this.shared = true;
    // Few storages are kept: the others need no field for it.
    this.release = () => undefined;
  }

  /** Throws where there are no values to read. */
  assertReadable(what: string): void {
    if (this.handle < 0) throw new DisposedError(`${what}: this tensor was disposed of`);
  }

  /** Throws after `dispose()`. */
  assertLive(): void {
    if (this.handle <= 0) throw new DisposedError('this tensor was disposed of: its memory is gone');
  }
}

let created: Storage[] | null = null;

/** Every new storage passes through here, so that scopes can see it. */
export function noteCreated(storage: Storage): Storage {
  if (created !== null) created.push(storage);
  return storage;
}

/** Runs `fn` and gives its result with all storages that came to be meanwhile, also where it throws. */
export function collectCreated<T>(fn: () => T, use: (storages: readonly Storage[], result: T | undefined) => void): T {
  const outer = created;
  const mine: Storage[] = [];
  created = mine;
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    created = outer;
    use(mine, result);
    if (outer !== null) for (const storage of mine) if (storage.handle > 0) outer.push(storage);
  }
}

/** Runs `fn` so that what it makes belongs to no open scope and may be kept. */
export function outsideScopes<T>(fn: () => T): T {
  const outer = created;
  const passing = viewsPass;
  created = null;
  viewsPass = false;
  try {
    return fn();
  } finally {
    created = outer;
    viewsPass = passing;
  }
}

let viewsPass = false;

/** Runs library code that keeps none of the views it makes, but for those that it shares itself. */
export function withPassingViews<T>(fn: () => T): T {
  const passing = viewsPass;
  viewsPass = true;
  try {
    return fn();
  } finally {
    viewsPass = passing;
  }
}

/** A view of the storage was made: unless it passes, a Variable must not write into the storage any more. */
export function noteView(storage: Storage): void {
  if (!viewsPass) storage.shared = true;
}

/** Whether no scope is open, which tests check. */
export function isOutsideScopes(): boolean {
  return created === null;
}
