import {type Opening} from './opening.js';
import {AGAIN, END, type Maybe, type Step, chain, until} from './step.js';

/** One pass through the elements of a stage. One call at a time: the next one waits for the promise of the last. */
export interface Cursor<T> {
  next(): Step<T>;
  /** Passes over elements more cheaply than by asking for them; gives how many there were. */
  skip?(count: number): Maybe<number>;
  /** Gives up the pass: closes files, ends generators. Allowed at any time, also twice. */
  close(): Maybe<void>;
}

/** Number of elements: Infinity where they do not end, null where nobody knows. */
export type Size = number | null;

/** One step of a pipeline: what is read, or made of the elements of other stages. */
export interface Stage<T> {
  /** As the user called it: `map`. */
  readonly name: string;
  readonly inputs: readonly Stage<unknown>[];
  readonly size: Size;
  /** Begins a pass. */
  open(opening: Opening): Cursor<T>;
}

/** Passes over elements; gives how many there were. */
export function skipIn<T>(cursor: Cursor<T>, count: number): Maybe<number> {
  if (cursor.skip !== undefined) return cursor.skip(count);
  let skipped = 0;
  return until<number>(() => {
    if (skipped >= count) return skipped;
    return chain<T | typeof END, number | typeof AGAIN>(cursor.next(), (value) => {
      if (value === END) return skipped;
      skipped += 1;
      return AGAIN;
    });
  });
}

/** Closes cursors one after the other, also where one of them fails. */
export function closeAll(cursors: readonly (Cursor<unknown> | null | undefined)[]): Maybe<void> {
  const waiting: Promise<void>[] = [];
  let failed: {readonly error: unknown} | undefined;
  for (const cursor of cursors) {
    try {
      const closed = cursor?.close();
      if (closed instanceof Promise) waiting.push(closed);
    } catch (error) {
      failed ??= {error};
    }
  }
  if (waiting.length > 0) {
    return Promise.all(waiting).then(() => {
      if (failed !== undefined) throw failed.error;
    });
  }
  if (failed !== undefined) throw failed.error;
}

/** The names of a stage and all before it, in a fixed order: what a saved position belongs to. */
export function outline(stage: Stage<unknown>): string {
  const {name, inputs} = stage;
  if (inputs.length === 0) return name;
  const before = inputs.map(outline);
  return before.length === 1 ? `${before[0] ?? ''} > ${name}` : `(${before.join(', ')}) > ${name}`;
}

/** A size after some arithmetic. */
export function sizeAfter(size: Size, fn: (size: number) => number): Size {
  return size === null ? null : fn(size);
}
