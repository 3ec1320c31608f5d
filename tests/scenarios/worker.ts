// What a worker thread of `workers.ts` does.
import {parentPort, workerData} from 'node:worker_threads';
import {trainAll, trainByBatches} from './training.js';

const {task} = workerData as {readonly task: 'once' | 'forever'};
if (task === 'once') {
  parentPort?.postMessage(await trainAll());
} else {
  parentPort?.postMessage('training');
  while (true) trainByBatches(1);
}
