import {type Batch} from './data/batch.js';
import {type Epochs} from './data/epochs.js';
import {type Pace} from './pace.js';

/** What a run of steps needs. */
export interface Steps {
  readonly batches: Epochs;
  readonly pace: Pace;
  readonly signal: AbortSignal | undefined;
  /** Steps of this epoch that another run took: the data stands behind them. Default 0. */
  readonly from?: number | undefined;
  /** Steps between two calls of the hooks: see `stepsPerExecution`. Default 1. */
  readonly group?: number | undefined;
  /** Before the first step of a group. */
  begin(step: number): Promise<void> | undefined;
  /** The step itself, synchronous. */
  run(batch: Batch, step: number): void;
  /** After the last step of a group. */
  end(step: number): Promise<void> | undefined;
  /** Whether to stop after the group. */
  stop(): boolean;
}

/**
 * Takes the steps of one epoch. Between arrays in memory and synchronous callbacks nothing waits, but for a pause every few
 * milliseconds that lets the rest of the process run.
 * @returns how many steps the epoch has had
 */
export async function takeSteps({batches, pace, signal, from = 0, group = 1, ...steps}: Steps): Promise<number> {
  let step = from;
  let inGroup = 0;
  if (from === 0) batches.begin();
  while (from === 0 || step > from || !steps.stop()) {
    signal?.throwIfAborted();
    const next = batches.next();
    const batch = next instanceof Promise ? await next : next;
    if (batch === null) break;
    const beginning = inGroup === 0 ? steps.begin(step) : undefined;
    if (beginning !== undefined) await beginning;
    steps.run(batch, step);
    inGroup = (inGroup + 1) % group;
    const ending = inGroup === 0 ? steps.end(step) : undefined;
    if (ending !== undefined) await ending;
    step += 1;
    if (inGroup === 0 && steps.stop()) break;
    if (pace.due) await pace.pause();
  }
  // The data ended within a group.
  if (inGroup > 0) await steps.end(step - 1);
  await batches.end();
  return step;
}
