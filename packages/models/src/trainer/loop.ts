import {type CompiledSteps, type StepKind} from './compiled-steps.js';
import {type Batch} from './data/batch.js';
import {type Epochs} from './data/epochs.js';
import {type Pace} from './pace.js';

/** What a run of steps needs. */
export interface Steps {
  readonly kind: StepKind;
  readonly batches: Epochs;
  readonly pace: Pace;
  readonly signal: AbortSignal | undefined;
  /** What runs steps as programs; null where they run operation by operation. */
  readonly compiled: CompiledSteps | null;
  /** Steps of this epoch that another run took: the data stands behind them. Default 0. */
  readonly from?: number | undefined;
  /** Steps between two calls of the hooks: see `stepsPerExecution`. */
  readonly group: number;
  /** Whether somebody looks at each group; else the hooks are called for as many steps as are done at once. */
  readonly hooked: boolean;
  /** Whether the next batch may be asked for while a step runs. Default true. */
  readonly ahead?: boolean | undefined;
  /** Is locked while the program runs or the process does other things. */
  readonly owner?: {locked: boolean} | undefined;
  /** Before the first step of a group. */
  begin(step: number): Promise<void> | undefined;
  /** A step on a batch, synchronous. */
  run(batch: Batch, step: number): void;
  /** What steps gave that ran as programs. */
  ran(result: unknown): void;
  /** After the last step of a group. */
  end(step: number): Promise<void> | undefined;
  /** Whether to stop after the group. */
  stop(): boolean;
}

/**
 * Takes the steps of one epoch. Between arrays in memory and synchronous callbacks nothing waits, but for programs that take long, which
 * run on the engine's thread, and for a pause every few milliseconds that lets the rest of the process run.
 * @returns how many steps the epoch has had
 */
export async function takeSteps(steps: Steps): Promise<number> {
  const {kind, batches, pace, signal, compiled, from = 0, group, hooked, ahead = true} = steps;
  const apart = async <T>(waiting: Promise<T>): Promise<T> => {
    const {owner} = steps;
    if (owner !== undefined) owner.locked = true;
    try {
      return await waiting;
    } finally {
      if (owner !== undefined) owner.locked = false;
    }
  };
  let step = from;
  let inGroup = 0;
  if (from === 0) batches.begin();
  while (from === 0 || step > from || !steps.stop()) {
    signal?.throwIfAborted();
    // The first step of a run that goes on needs its batch.
    const programs = from > 0 && step === from ? null : compiled;
    const rows = programs === null ? null : batches.rows();
    let batch: Batch | null = null;
    if (rows === null) {
      const next = batches.next();
      batch = next instanceof Promise ? await next : next;
      if (batch === null) break;
    }
    const beginning = inGroup === 0 ? steps.begin(step) : undefined;
    if (beginning !== undefined) await beginning;
    let done = 1;
    const many = rows === null ? null : programs?.takeRows(kind, rows, hooked ? group - inGroup : Infinity);
    if (many !== null && many !== undefined) {
      const taken = many instanceof Promise ? await apart(many) : many;
      done = taken.steps;
      batches.tookRows(done);
      steps.ran(taken.result);
    } else {
      // Rows are batches of arrays, which are given at once.
      batch ??= batches.next() as Batch;
      const waiting = programs?.start(kind, batch) ?? null;
      if (waiting === null) {
        steps.run(batch, step);
      } else {
        if (ahead) batches.prefetch();
        steps.ran(await apart(waiting));
      }
    }
    step += done;
    if (hooked) inGroup = (inGroup + done) % group;
    const ending = inGroup === 0 ? steps.end(step - 1) : undefined;
    if (ending !== undefined) await ending;
    if (inGroup === 0 && steps.stop()) break;
    if (pace.due) await apart(pace.pause());
  }
  // The data ended within a group.
  if (inGroup > 0) await steps.end(step - 1);
  await batches.end();
  return step;
}
