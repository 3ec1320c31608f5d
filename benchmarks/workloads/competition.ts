import {type ChildProcess, spawn} from 'node:child_process';
import {cpus} from 'node:os';
import {GradientTape, jit, layers, losses, ops, optimizers, random, Sequential, type Tensor} from 'keratin';
import {type Row, type Workload} from '../harness.js';

const SECONDS = 3;
const COMPETITORS = 2;

/** Milliseconds of each step. */
function steps(step: () => unknown, seconds: number): number[] {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < end;) {
    step();
    const then = performance.now();
    times.push(then - now);
    now = then;
  }
  return times.sort((a, b) => a - b);
}

const mean = (times: readonly number[]): number => times.reduce((sum, each) => sum + each, 0) / times.length;
const share = (times: readonly number[], part: number): number => times[Math.floor(part * (times.length - 1))] ?? NaN;

/** The mean of a step, with the fastest and the longest one. */
const row = (workload: string, times: readonly number[]): Row => ({
  workload,
  unit: 'ms',
  value: mean(times),
  min: share(times, 0),
  max: share(times, 1),
  repetitions: times.length,
});

/** Processes that do nothing but take time, once they run. */
async function compete(): Promise<readonly ChildProcess[]> {
  const busy = Array.from({length: COMPETITORS}, () =>
    spawn(process.execPath, ['-e', 'console.log(1); for (;;);'], {stdio: ['ignore', 'pipe', 'ignore']}),
  );
  const stop = (): void => {
    for (const child of busy) child.kill('SIGKILL');
  };
  process.once('exit', stop);
  await Promise.all(busy.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))));
  return busy;
}

export const competition: Workload = {
  name: 'competition',
  description: `a training step alone and beside ${String(COMPETITORS)} processes that take all the time they get`,
  async run(report) {
    const model = new Sequential([
      new layers.Dense(512, {activation: 'relu', inputShape: [784]}),
      new layers.Dense(10, {activation: 'softmax'}),
    ]);
    const loss = new losses.SparseCategoricalCrossentropy();
    const optimizer = new optimizers.RMSprop(0.001);
    const variables = model.trainableVariables;
    const train = jit((x: Tensor, y: Tensor) => {
      const tape = new GradientTape();
      const value = tape.record(() => loss(y, model(x, {training: true})));
      optimizer.apply(tape.gradient(value, variables), variables);
      return value;
    });
    const x = random.uniform([128, 784]);
    const y = ops.cast(random.uniform([128], {maxval: 10}), 'int32');
    const step = (): void => {
      train(x, y).dispose();
    };
    steps(step, 0.5);
    const alone = steps(step, SECONDS);
    report(row('mlp_step_alone', alone));
    const busy = await compete();
    try {
      const beside = steps(step, SECONDS);
      // Both of our threads and each of the others get as much of the cores.
      const fair = (2 + COMPETITORS) / Math.max(2, cpus().length);
      report({
        ...row('mlp_step_beside_busy_processes', beside),
        ratio: {of: `a fair share (${fair.toFixed(1)} times alone)`, value: mean(beside) / (fair * mean(alone))},
      });
      report({...row('mlp_step_beside_busy_processes_p99', beside), value: share(beside, 0.99)});
    } finally {
      for (const child of busy) child.kill('SIGKILL');
    }
  },
};
