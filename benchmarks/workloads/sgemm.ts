import {addon} from '@keratin/native';
import {ops, random} from 'keratin';
import {speedRow, time, timeRow, type Workload} from '../harness.js';
import {fmaPeak} from './fma-peak.js';

/** m x n x k of training steps; T marks a transposed operand. */
const SHAPES = [
  {m: 128, n: 512, k: 784},
  {m: 784, n: 512, k: 128, transposed: 'a'},
  {m: 128, n: 784, k: 512, transposed: 'b'},
  {m: 32, n: 100, k: 2048},
  {m: 1000, n: 1000, k: 1000},
  {m: 32, n: 512, k: 784},
  {m: 2048, n: 128, k: 128},
  {m: 2048, n: 512, k: 128},
  {m: 32, n: 512, k: 128},
  {m: 100, n: 400, k: 100},
] as const;

export const sgemm: Workload = {
  name: 'sgemm',
  description: 'matrix products at training shapes, all threads',
  async run(report) {
    const threads = addon.numThreads();
    const peak = fmaPeak(threads);
    for (const shape of SHAPES) {
      const {m, n, k} = shape;
      const transposed = 'transposed' in shape ? shape.transposed : null;
      const a = transposed === 'a' ? random.normal([k, m]).transpose() : random.normal([m, k]);
      const b = transposed === 'b' ? random.normal([n, k]).transpose() : random.normal([k, n]);
      const flops = 2 * m * n * k;
      const inner = Math.max(1, Math.round(2e9 / flops));
      const seconds = await time(() => ops.matmul(a, b), {repetitions: 7, inner});
      const mark = transposed === null ? '' : `_${transposed === 'a' ? 'TN' : 'NT'}`;
      report(speedRow(`sgemm_${m}x${n}x${k}${mark}`, seconds, flops, {of: 'the FMA peak', gflops: peak}));
    }
    const x = random.normal([1000, 1000]);
    report(
      timeRow(
        'matmul_1000_x100',
        'ms',
        await time(
          () => {
            for (let i = 0; i < 100; i++) ops.matmul(x, x);
          },
          {repetitions: 3},
        ),
        2e11,
      ),
    );
  },
};
