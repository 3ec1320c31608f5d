import {layers, random, Sequential, ops} from 'keratin';
import {SECONDS, timeRow, type Workload} from '../harness.js';

export const eventLoop: Workload = {
  name: 'event-loop',
  description:
    'a timer of 5 ms in the process that trains: the time between two of its ticks, and the same with nothing beside',
  async run(report) {
    const x = random.normal([4096, 784]);
    const y = ops.cast(random.randint([4096], 0, 10), 'int32');
    const model = new Sequential([
      new layers.Dense(512, {activation: 'relu', inputShape: [784]}),
      new layers.Dropout(0.2),
      new layers.Dense(10, {activation: 'softmax'}),
    ]).compile({optimizer: 'rmsprop', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
    const training = await gapsBeside(async () => {
      const end = performance.now() + SECONDS * 1000;
      const stop = {onEpochEnd: () => void (model.stopTraining = performance.now() > end)};
      await model.fit(x, y, {batchSize: 128, epochs: 1_000_000, verbose: 0, callbacks: [stop]});
    });
    // What other processes do to a timer.
    const idle = await gapsBeside(() => new Promise((resolve) => setTimeout(resolve, SECONDS * 200)));
    for (const [name, gaps] of [
      ['timer_gap', training],
      ['timer_gap_idle', idle],
    ] as const) {
      for (const share of [50, 99, 100]) {
        const gap = gaps[Math.min(gaps.length - 1, Math.floor((gaps.length * share) / 100))] ?? NaN;
        report(timeRow(`${name}_p${String(share)}`, 'ms', [gap]));
      }
    }
  },
};

/** Seconds between the ticks of a timer while something runs, in order of length. */
async function gapsBeside(run: () => Promise<void>): Promise<number[]> {
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push((now - last) / 1000);
    last = now;
  }, 5);
  await run();
  clearInterval(timer);
  return gaps.sort((a, b) => a - b);
}
