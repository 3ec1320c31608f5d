import {memoryStats} from '@keratin/native';
import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, random, slice, type Tensor, Variable} from '../index.js';
import {updateVariables} from '../internal.js';
import {checkLeaks, liveBuffersUpTo} from '../testing/leaks.js';

describe('the memory of compiled programs', () => {
  checkLeaks();

  it('is laid out once: a run takes memory for its results alone', async () => {
    const v = new Variable(ops.zeros([64, 64]));
    const f = jit((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 20; i++) y = y.matmul(x).tanh();
      v.assignAdd(y);
      return y.sum();
    });
    const x = random.normal([64, 64]);
    f(x).dispose();
    const {numBuffers, poolBytes} = memoryStats();
    for (let i = 0; i < 100; i++) f(x).dispose();
    expect(memoryStats().numBuffers).toBe(numBuffers);
    expect(memoryStats().poolBytes).toBe(poolBytes);
    for (let i = 0; i < 100; i++) f(x);
    expect(await liveBuffersUpTo(numBuffers)).toBeLessThanOrEqual(numBuffers);
  });

  it('is laid out once for training steps too: losses over rows, gradients and the update of all weights', () => {
    const weights = [[32, 64], [64]].map((shape) => new Variable(random.normal(shape)));
    const step = jit((x: Tensor, wanted: Tensor) => {
      const [w, b] = weights;
      if (w === undefined || b === undefined) throw new Error('no weights');
      const tape = new GradientTape();
      const loss = tape.record(() => ops.softmax(x.matmul(w).add(b)).sub(wanted).square().mean(-1).mean());
      const gradients = tape.gradient(loss, [w, b]);
      weights.forEach((weight, i) => {
        updateVariables('sgd_update', [gradients[i] ?? weight], [0.1, 0, 0], [weight]);
      });
      return loss;
    });
    const [x, wanted] = [random.normal([16, 32]), random.normal([16, 64])];
    const first = step(x, wanted).item();
    const {numBuffers, poolBytes} = memoryStats();
    const sources = weights.map(({source}) => source);
    for (let i = 0; i < 50; i++) step(x, wanted).dispose();
    expect(memoryStats()).toMatchObject({numBuffers, poolBytes});
    expect(weights.map(({source}) => source)).toEqual(sources);
    expect(step(x, wanted).item()).toBeLessThan(first);
  });

  it('holds few values at a time', () => {
    const f = jit((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 50; i++) y = y.matmul(x).add(1);
      return y.sum();
    });
    const [n, bytes] = [64, 4];
    expect(f.cost(random.normal([n, n])).arenaBytes).toBeLessThanOrEqual(3 * n * n * bytes);
    const wide = jit((x: Tensor) => {
      const parts = Array.from({length: 12}, (_, i) => x.at(slice(null, 8 * (i + 1))).matmul(x));
      return parts.reduceRight((sum, part) =>
        sum
          .at(slice(null, part.dim(0)))
          .add(part)
          .matmul(x),
      );
    });
    const cost = wide.cost(random.normal([128, 128]));
    expect(cost.arenaBytes).toBeLessThanOrEqual(1.15 * cost.liveBytes);
    const slow = jit((x: Tensor) => ops.relu(x.exp()).sum(), {passes: {reuse: false, fuse: false, rows: false}});
    expect(slow.cost(ops.ones([n, n])).arenaBytes).toBe(2 * n * n * bytes);
  });

  it('of a Variable is written in place where nobody needs the old value', () => {
    const v = new Variable(ops.zeros([8]));
    const f = jit((x: Tensor) => {
      v.assign(v.mul(0.5).add(x));
    });
    const x = ops.ones([8]);
    f(x);
    const {source} = v;
    f(x);
    expect(v.source).toBe(source);
    expect(f.cost(x).kernels).toBe(1);
    const held = v.readValue();
    f(x);
    expect(v.source).not.toBe(source);
    expect(held.array()).toEqual(new Array(8).fill(1.5));
    expect(v.array()).toEqual(new Array(8).fill(1.75));
  });
});
