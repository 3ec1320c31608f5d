import {memoryStats} from '@keratin/native';
import {describe, expect, it} from 'vitest';
import {jit, ops, random, type Tensor, Variable} from '../index.js';
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

  it('holds few values at a time', () => {
    const f = jit((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 50; i++) y = y.matmul(x).add(1);
      return y.sum();
    });
    const [n, bytes] = [64, 4];
    expect(f.cost(random.normal([n, n])).arenaBytes).toBeLessThanOrEqual(3 * n * n * bytes);
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
