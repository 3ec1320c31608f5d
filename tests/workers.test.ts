// The addon in several JavaScript threads of one process: they share the kernel threads and the memory pool and nothing else.
import {expect, test} from 'vitest';
import {type Trained} from './scenarios/training.js';
import {scenarioResult} from './scenario.js';

test('worker threads train at once what the main thread trains, bit for bit; terminating one in its training hurts nobody', async () => {
  interface Result {
    readonly workers: readonly (readonly Trained[])[];
    readonly main: readonly (readonly Trained[])[];
    readonly bytesOfWorkers: number;
  }
  const {workers, main, bytesOfWorkers} = await scenarioResult<Result>('workers');
  const [reference, ...others] = main;
  expect(reference).toHaveLength(3);
  for (const {losses} of reference ?? []) expect(Math.min(...losses)).toBeGreaterThan(0);
  expect(workers).toHaveLength(2);
  for (const trained of [...workers, ...others]) expect(trained).toEqual(reference);
  // What the workers had is free again, also that of those which were terminated.
  expect(bytesOfWorkers).toBe(0);
}, 240_000);

test('workers come and go where the main thread has no addon, and share one set of kernel threads', async () => {
  interface Result {
    readonly workers: readonly (readonly Trained[])[];
    readonly threads: readonly number[];
  }
  const {workers, threads} = await scenarioResult<Result>('workers', {args: ['without-main']});
  expect(workers).toHaveLength(2);
  expect(workers[0]).toHaveLength(3);
  expect(workers[1]).toEqual(workers[0]);
  expect(threads).toEqual(threads.map(() => threads[0]));
}, 240_000);
