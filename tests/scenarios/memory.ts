// Does the same thing over and over and prints how much memory that cost: `node memory.ts <name of the thing>`.
// Nothing is disposed of by hand. What V8 holds is counted apart, after collections: how large its spaces are in between is its own choice,
// and depends on how much time its threads get.
import {collectGarbage, memoryStats} from '@keratin/native';
import {Input, layers, metrics, optimizers, ops, random, Sequential, setSeed} from 'keratin';

const MEGABYTE = 2 ** 20;

interface Workload {
  readonly warmUp: number;
  readonly times: number;
  /** Once, synchronously or not. */
  run(): Promise<void> | undefined;
}

setSeed(1);
const x = random.normal([64, 32]);
const y = random.normal([64, 10]);

function mlp(): Sequential {
  return new Sequential([
    Input({shape: [32]}),
    new layers.Dense(64, {activation: 'relu'}),
    new layers.Dropout(0.1),
    new layers.Dense(10),
  ]);
}

function compiled() {
  return mlp().compile({
    optimizer: new optimizers.Adam(0.001),
    loss: 'mse',
    metrics: [new metrics.MeanAbsoluteError()],
  });
}

const persistent = compiled();
await persistent.fit(x, y, {verbose: 0});
const images = random.normal([16, 28, 28, 1]);

const EVENTS = [
  'onTrainBegin',
  'onEpochBegin',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onTestEnd',
  'onEpochEnd',
  'onTrainEnd',
] as const;
let thrown = 0;

const workloads: Readonly<Record<string, Workload>> = {
  // One synchronous loop: no turn of the event loop in which finalizers could run.
  call: {
    warmUp: 2_000,
    times: 100_000,
    run() {
      persistent(x);
      return undefined;
    },
  },
  // Results of 400 KB, which a pool must not keep.
  large: {
    warmUp: 500,
    times: 5_000,
    run() {
      ops.relu(images.broadcastTo([16, 28, 28, 8]));
      return undefined;
    },
  },
  trainOnBatch: {
    warmUp: 500,
    times: 5_000,
    run() {
      persistent.trainOnBatch(x, y);
      return undefined;
    },
  },
  // Compiled code and the programs that wait for a collection reach their level after some tens of models.
  fit: {
    warmUp: 100,
    times: 200,
    async run() {
      await compiled().fit(x, y, {epochs: 2, validationSplit: 0.25, verbose: 0});
    },
  },
  // A callback that throws, at another event each time.
  throw: {
    warmUp: 2 * EVENTS.length,
    times: 1_000,
    async run() {
      const event = EVENTS[thrown++ % EVENTS.length] ?? 'onTrainBegin';
      const fail = () => {
        throw new Error('the callback failed');
      };
      const message = await persistent
        .fit(x, y, {
          batchSize: 16,
          validationSplit: 0.25,
          verbose: 0,
          callbacks: [{[event]: fail}],
        })
        .then(
          () => `fit ended well in spite of ${event}`,
          (error: unknown) => String(error),
        );
      if (message !== 'Error: the callback failed') throw new Error(message);
    },
  },
};

const workload = workloads[process.argv[2] ?? ''];
if (workload === undefined) throw new Error(`one of ${Object.keys(workloads).join(', ')} is needed`);

/** Resident memory without V8's heap. */
function nativeMemory(): number {
  const {rss, heapTotal} = process.memoryUsage();
  return rss - heapTotal;
}

/** The most memory that was seen. */
async function repeat(times: number): Promise<number> {
  let most = 0;
  for (let i = 0; i < times; i++) {
    const waiting = workload?.run();
    if (waiting !== undefined) await waiting;
    if (i % Math.ceil(times / 50) === 0 || i === times - 1) most = Math.max(most, nativeMemory());
  }
  return most;
}

await repeat(workload.warmUp);
collectGarbage();
const before = {native: nativeMemory(), heap: process.memoryUsage().heapUsed, buffers: memoryStats().numBuffers};
const most = await repeat(workload.times);
collectGarbage();
const heap = process.memoryUsage().heapUsed;
const losses = (await persistent.fit(x, y, {epochs: 3, shuffle: false, verbose: 0})).history.loss;
collectGarbage();
console.log(
  JSON.stringify({
    grownBy: (most - before.native) / MEGABYTE,
    heapGrownBy: (heap - before.heap) / MEGABYTE,
    buffers: {before: before.buffers, after: memoryStats().numBuffers},
    losses,
  }),
);
