import {type TapeNode} from './recording.js';
import {type AnyTensor} from './primitive.js';
import {tracing} from './tracing.js';

/** Something that looks at every primitive call and every gradient: a search for NaN. */
export interface Watcher {
  /** After a call outside of any compiled function. @param op the function that the user called */
  called(op: string, outputs: readonly AnyTensor[]): void;
  /** A call that a tape remembers; what it gives is remembered instead. */
  recorded(node: TapeNode): TapeNode;
}

/** The one that looks now. */
export let watcher: Watcher | null = null;

/** Runs `fn` under the eyes of `looking`. */
export function withWatcher<T>(looking: Watcher, fn: () => T): T {
  const outer = watcher;
  watcher = looking;
  try {
    return fn();
  } finally {
    watcher = outer;
  }
}

/** Tells the watcher of a call; within a compiled function there are no values to look at. */
export function watched(op: string, outputs: readonly AnyTensor[]): void {
  if (tracing === null) watcher?.called(op, outputs);
}
