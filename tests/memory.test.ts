// Nobody disposes of anything: what is dropped must go by itself, in loops that never let the event loop run as well as in
// programs that make one model after another. Each program runs in a process of its own.
import {expect, test} from 'vitest';
import {scenarioResult} from './scenario.js';

const MOST_MEGABYTES = 20;
const MOST_HEAP_MEGABYTES = 4;

/**
 * Buffers that a collection may find in use where an earlier one did not: the engine decides which temporaries of its
 * frames still count as reachable. A leak shows at least one for each of the 200 repetitions or more.
 */
const MOST_LINGERING = 10;

interface Cost {
  /** Resident memory in MB without V8's heap: the most that was seen, less that after the warm-up. */
  readonly grownBy: number;
  /** What lives in V8's heap, in MB: after a collection at the end, less that after the warm-up. */
  readonly heapGrownBy: number;
  /** Live native buffers after a collection. */
  readonly buffers: {readonly before: number; readonly after: number};
  /** Of a fit afterwards. */
  readonly losses: readonly number[];
}

test.each([
  ['call', '100,000 calls of a model in one synchronous loop'],
  ['large', '5,000 results of 400 KB in one synchronous loop'],
  ['trainOnBatch', '5,000 steps of training in one synchronous loop'],
  ['fit', '200 models built, compiled, trained and dropped'],
  ['throw', '1,000 trainings ended by a callback that throws'],
])('%s: %s grow by less than 20 MB and do not leave buffers each', {timeout: 180_000}, async (workload) => {
  const {grownBy, heapGrownBy, buffers, losses} = await scenarioResult<Cost>('memory', {
    args: [workload],
    // New space of one size: it would grow when V8's threads get little time, and its pages count when they are first written to.
    node: ['--min-semi-space-size=8', '--max-semi-space-size=8'],
  });
  expect(grownBy).toBeLessThan(MOST_MEGABYTES);
  expect(heapGrownBy).toBeLessThan(MOST_HEAP_MEGABYTES);
  expect(buffers.before).toBeGreaterThan(0);
  expect(buffers.after).toBeLessThanOrEqual(buffers.before + MOST_LINGERING);
  // The model that was there all the time is usable.
  expect(losses).toHaveLength(3);
  for (const loss of losses) expect(loss).toBeLessThan(2);
});
