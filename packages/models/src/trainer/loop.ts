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
  /** Before a step. */
  begin(step: number): Promise<void> | undefined;
  /** The step itself, synchronous. */
  run(batch: Batch, step: number): void;
  /** After it. Gives true to end here. */
  end(step: number): Promise<void> | undefined;
  /** Whether to stop after the step. */
  stop(): boolean;
}

/**
 * Takes the steps of one epoch. Between arrays in memory and synchronous callbacks nothing waits, but for a pause every few
 * milliseconds that lets the rest of the process run.
 * @returns how many steps the epoch has had
 */
export async function takeSteps({batches, pace, signal, from = 0, ...steps}: Steps): Promise<number> {
  let step = from;
  if (from === 0) batches.begin();
  while (from === 0 || step > from || !steps.stop()) {
    signal?.throwIfAborted();
    const next = batches.next();
    const batch = next instanceof Promise ? await next : next;
    if (batch === null) break;
    const beginning = steps.begin(step);
    if (beginning !== undefined) await beginning;
    steps.run(batch, step);
    const ending = steps.end(step);
    if (ending !== undefined) await ending;
    step += 1;
    if (steps.stop()) break;
    if (pace.due) await pace.pause();
  }
  await batches.end();
  return step;
}
