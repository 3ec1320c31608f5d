// What a worker thread of `Dataset.map` does: it gets elements and sends results.
import {parentPort, workerData} from 'node:worker_threads';
import {type Job} from './job.js';
import {pack, unpack} from './parcel.js';
import {type Answer, type Question} from './messages.js';

type MapFunction = (element: unknown, index: number) => unknown;

async function functionOf(job: Job): Promise<MapFunction> {
  if ('source' in job) {
    Object.assign(globalThis, {__name: (fn: unknown): unknown => fn});
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the user's own function: its text comes from this very program
    return new Function(`return ${job.source};`)() as MapFunction;
  }
  const module = (await import(job.module)) as Readonly<Record<string, unknown>>;
  const fn = module[job.exported];
  if (typeof fn === 'function') return fn as MapFunction;
  throw new TypeError(`${job.module} exports no function "${job.exported}"`);
}

const port = parentPort;
if (port !== null) {
  const answer = (message: Answer, memory: ArrayBuffer[] = []): void => port.postMessage(message, memory);
  const fn = functionOf(workerData as Job);
  // Met by each question.
  fn.catch(() => undefined);
  port.on('message', ({id, index, content}: Question) => {
    void (async () => {
      try {
        const result = await (await fn)(unpack(content), index);
        const packed = pack('the result', result);
        answer({id, content: packed.content}, packed.memory);
      } catch (error) {
        const {name, message, stack} = error instanceof Error ? error : new Error(String(error));
        answer({id, error: {name, message, stack}});
      }
    })();
  });
}
