import {Worker} from 'node:worker_threads';
import {type Job} from './job.js';

/** A thread that runs `thread.ts`. */
export function startThread(job: Job): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./thread.js', import.meta.url), {workerData: job});
  // On sources: threads do not inherit the loader of TypeScript.
  const thread = JSON.stringify(new URL('./thread.ts', import.meta.url).href);
  const program = `import('tsx/esm/api').then(({register}) => { register(); return import(${thread}); });`;
  return new Worker(program, {eval: true, workerData: job});
}
