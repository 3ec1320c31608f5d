import {ops, random} from 'keratin';
import {time, timeRow, type Workload} from '../harness.js';

export const eagerOverhead: Workload = {
  name: 'eager',
  description: 'the cost of calling one operation, and operations bound by memory',
  async run(report) {
    const a = random.normal([10]);
    const b = random.normal([10]);
    report(
      timeRow('add_10_eager', 'us', await time(() => ops.add(a, b), {repetitions: 9, warmup: 50_000, inner: 100_000})),
    );
    const big = random.normal([1_000_000]);
    const chain = () => {
      let y = big;
      for (let i = 0; i < 5; i++) y = y.mul(1.01).add(0.1);
      return y;
    };
    report(timeRow('chain10_1e6_eager', 'ms', await time(chain, {repetitions: 9, inner: 20}), 1e7));
    const square = random.normal([1024, 1024]);
    report(timeRow('softmax_1024x1024', 'ms', await time(() => ops.softmax(square), {repetitions: 9, inner: 20})));
    report(
      timeRow('sum_axis0_1024x1024', 'ms', await time(() => ops.sum(square, 0), {repetitions: 9, inner: 20}), 1 << 20),
    );
    report(
      timeRow('sum_axis1_1024x1024', 'ms', await time(() => ops.sum(square, 1), {repetitions: 9, inner: 20}), 1 << 20),
    );
  },
};
