// Trains in worker threads of one process: `node workers.ts [ without-main ]`. Prints what came out as JSON.
import {once} from 'node:events';
import {existsSync, readdirSync} from 'node:fs';
import {setTimeout} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import {type Trained} from './training.js';

// Threads do not inherit the loader of TypeScript.
const program = `import('tsx/esm/api').then(({register}) => {
  register();
  return import(${JSON.stringify(new URL('worker.ts', import.meta.url).href)});
});`;

function start(task: 'once' | 'forever'): Worker {
  return new Worker(program, {eval: true, workerData: {task}});
}

async function result(worker: Worker): Promise<readonly Trained[]> {
  const [message] = (await once(worker, 'message')) as [readonly Trained[]];
  await once(worker, 'exit');
  return message;
}

/** Ends a worker at different moments of its training. */
async function terminate(afterMs: number): Promise<void> {
  const worker = start('forever');
  await once(worker, 'message');
  await setTimeout(afterMs);
  await worker.terminate();
}

/** Threads of the process; 0 where the system does not say. */
function numThreads(): number {
  return existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0;
}

if (process.argv[2] === 'without-main') {
  const workers = [];
  const threads = [];
  for (let i = 0; i < 2; i++) {
    workers.push(await result(start('once')));
    threads.push(numThreads());
  }
  await terminate(10);
  threads.push(numThreads());
  console.log(JSON.stringify({workers, threads}));
} else {
  const {trainAll} = await import('./training.js');
  const before = await trainAll();
  const pair = [result(start('once')), result(start('once'))];
  const beside = await trainAll();
  const workers = await Promise.all(pair);
  for (const afterMs of [0, 10]) await terminate(afterMs);
  const victim = terminate(50);
  const during = await trainAll();
  await victim;
  const after = await trainAll();
  const {memoryStats} = await import('@keratin/native');
  const {numBytes, poolBytes} = memoryStats();
  console.log(JSON.stringify({workers, main: [before, beside, during, after], bytesOfWorkers: poolBytes - numBytes}));
}
