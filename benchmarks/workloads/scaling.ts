import {getNumThreads, ops, random, setNumThreads, setSeed} from 'keratin';
import {type Row, time, timeRow, type Workload} from '../harness.js';
import {convnetOf, CONVNET_FLOPS} from './convnet.js';

const ROUNDS = 6;
const BATCH = 64;
const STEPS = 30;

/** Seconds of a call with one thread and with all of them, in turns. */
async function byThreads(fn: () => unknown, inner: number): Promise<readonly [number[], number[]]> {
  const all = getNumThreads();
  const seconds: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, threads] of [1, all].entries()) {
      setNumThreads(threads);
      seconds[i]?.push(...(await time(fn, {repetitions: 2, settle: round === 0 ? 0.3 : 0.05, inner})));
    }
  }
  setNumThreads(all);
  return seconds;
}

export const scaling: Workload = {
  name: 'scaling',
  description:
    'one thread and all of them, in turns: a training step of two convolutions, and large products of matrices',
  async run(report) {
    setSeed(1);
    const pair = async (name: string, fn: () => unknown, {inner = 1, calls = 1, flops = 0}) => {
      const [one, all] = await byThreads(fn, inner);
      const each = (seconds: readonly number[]) => seconds.map((value) => value / calls);
      const single = timeRow(`${name}_1_thread`, 'ms', each(one), flops);
      const full = timeRow(`${name}_${String(getNumThreads())}_threads`, 'ms', each(all), flops);
      const row: Row = {...full, ratio: {of: 'the speed of one thread', value: single.value / full.value}};
      report(single);
      report(row);
    };
    const x = random.uniform([BATCH * STEPS, 28, 28, 1]);
    const y = random.randint([BATCH * STEPS], 0, 10);
    const model = convnetOf().compile({optimizer: 'adam', loss: 'sparse_categorical_crossentropy'});
    const epoch = () => model.fit(x, y, {batchSize: BATCH, verbose: 0});
    await pair('convnet_step', epoch, {calls: STEPS, flops: CONVNET_FLOPS});
    for (const n of [1000, 2000]) {
      const [a, b] = [random.normal([n, n]), random.normal([n, n])];
      const inner = n === 1000 ? 20 : 3;
      await pair(`sgemm_${String(n)}`, () => ops.matmul(a, b), {inner, flops: 2 * n ** 3});
    }
  },
};
