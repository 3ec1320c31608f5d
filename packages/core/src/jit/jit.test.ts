import {describe, expect, it, vi} from 'vitest';
import {
  GradientTape,
  jit,
  ops,
  random,
  setSeed,
  SeedGenerator,
  tensor,
  type Tensor,
  TraceError,
  Variable,
} from '../index.js';
import {maskOf, updateVariables, withMask} from '../internal.js';

const linear = (x: Tensor) => x.mul(3).add(2);

describe('jit', () => {
  it('gives what the function gives', () => {
    const f = jit((x: Tensor, y: Tensor) => ops.relu(linear(x)).matmul(y.transpose()));
    for (const shape of [
      [4, 3],
      [2, 3],
      [4, 3],
    ]) {
      const x = random.normal(shape);
      const y = random.normal([5, 3]);
      expect(f(x, y).array(2)).toEqual(ops.relu(linear(x)).matmul(y.transpose()).array(2));
    }
  });

  it('compiles once for arguments of the same shapes, dtypes and static values', () => {
    const seen = vi.fn();
    const f = jit((x: Tensor, {scale, more}: {scale: number; more: readonly Tensor[]}) => {
      seen();
      return {sum: more.reduce((sum, each) => sum.add(each), x.mul(scale)), parts: [x, more[0]]};
    });
    const one = ops.ones([2]);
    expect(f(one, {scale: 2, more: [one]}).sum.array()).toEqual([3, 3]);
    expect(f(tensor([1, 5]), {scale: 2, more: [one]}).sum.array()).toEqual([3, 11]);
    expect(seen).toHaveBeenCalledTimes(1);
    expect(f(one, {scale: 3, more: [one]}).sum.array()).toEqual([4, 4]);
    expect(f(one, {scale: 3, more: [one, one]}).sum.array()).toEqual([5, 5]);
    expect(f(ops.ones([3]), {scale: 3, more: [ops.ones([3])]}).sum.array()).toEqual([4, 4, 4]);
    expect(f(ops.ones([2], 'int32'), {scale: 3, more: [ops.ones([2], 'int32')]}).sum.dtype).toBe('int32');
    expect(seen).toHaveBeenCalledTimes(5);
  });

  it('reads and writes Variables by reference', () => {
    const v = new Variable([1, 2]);
    const f = jit((x: Tensor) => {
      const before = v.readValue();
      v.assignAdd(x);
      const between = v.mul(10);
      v.assign(v.mul(2));
      return [before, between, v.add(0)];
    });
    const held = v.readValue();
    expect(f(tensor([1, 1])).map((t) => t.array())).toEqual([
      [1, 2],
      [20, 30],
      [4, 6],
    ]);
    expect(v.array()).toEqual([4, 6]);
    expect(held.array()).toEqual([1, 2]);
    v.assign([0, 0]);
    f(tensor([1, 2]));
    expect(v.array()).toEqual([2, 4]);
  });

  it('swaps Variables and keeps what others hold', () => {
    const a = new Variable([1, 2]);
    const b = new Variable([3, 4]);
    const swap = jit(() => {
      const [x, y] = [a.readValue(), b.readValue()];
      a.assign(y);
      b.assign(x);
    });
    swap();
    expect([a.array(), b.array()]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const kept = a.readValue();
    swap();
    expect([a.array(), b.array(), kept.array()]).toEqual([
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
  });

  it('writes parts of Variables', () => {
    const make = () =>
      new Variable([
        [1, 2, 3],
        [4, 5, 6],
      ]);
    const write = (v: Variable, x: Tensor) => {
      v.at(0, 1).assign(42);
      v.at(':', 2).assignAdd(x);
      v.scatterUpdate([1], [[7, 8, 9]]);
      v.scatterNdSub([[0, 0]], [1]);
      return v.at('::-1', [0, 2]);
    };
    const [eager, compiled] = [make(), make()];
    const f = jit((x: Tensor) => write(compiled, x));
    for (const x of [tensor([1, 2]), tensor([3, 4])]) {
      expect(f(x).array()).toEqual(write(eager, x).array());
      expect(compiled.array()).toEqual(eager.array());
    }
  });

  it('has gradients and updates inside of the program', () => {
    const make = () => ({
      w: new Variable([
        [0.5, -0.25],
        [0.125, 1],
      ]),
      b: new Variable([0.5, 0.25]),
    });
    const step = ({w, b}: {w: Variable; b: Variable}, x: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => x.matmul(w).add(b).tanh().square().mean());
      const [dw, db] = tape.gradient(loss, [w, b]);
      w.assignSub(dw.mul(0.1));
      updateVariables('sgd_update', [db], [0.1, 0, 0], [b]);
      return loss;
    };
    const [eager, compiled] = [make(), make()];
    // The bias of a product may come first in its sum.
    const f = jit((x: Tensor) => step(compiled, x), {passes: {epilogue: false}});
    for (let i = 0; i < 5; i++) {
      const x = random.normal([8, 2]);
      expect(f(x).item()).toBe(step(eager, x).item());
      expect(compiled.w.array()).toEqual(eager.w.array());
      expect(compiled.b.array()).toEqual(eager.b.array());
    }
  });

  it('draws the random numbers that the function draws', () => {
    const seed = new SeedGenerator(3);
    const draw = (x: Tensor) => [
      random.normal([3]).add(x),
      random.uniform([2], {seed}),
      random.uniform([2], {seed: 5}),
    ];
    const f = jit(draw);
    const run = (fn: typeof draw) => {
      setSeed(7);
      seed.counter = 0;
      return [1, 2, 3].map(() => fn(ops.zeros([3])).map((t) => t.array()));
    };
    const wanted = run(draw);
    expect(run(f)).toEqual(wanted);
    expect(run(f)).toEqual(wanted);
    expect(seed.counter).toBe(3);
  });

  it('takes dynamic attributes of updates', () => {
    const rate = new Variable(0.5);
    const v = new Variable([1, 1]);
    const f = jit((g: Tensor) => updateVariables('sgd_update', [g], [rate.cast('float64'), 0, 0], [v]));
    f(tensor([1, 2]));
    rate.assign(0.25);
    f(tensor([1, 2]));
    expect(v.array()).toEqual([0.25, -0.5]);
  });

  it('passes arguments, constants and Variables through', () => {
    const c = tensor([1, 2, 3]);
    const v = new Variable([5]);
    const f = jit(
      (x: Tensor) => [x, c, v, v.readValue(), x.reshape([3, 1]), c.transpose(), ops.zeros([2]), 'text'] as const,
    );
    const x = tensor([7, 8, 9]);
    const [a, b, same, value, column, again, zeros, text] = f(x);
    expect([a === x, same === v, text]).toEqual([true, true, 'text']);
    expect([b.array(), value.array(), column.array(), again.array(), zeros.array()]).toEqual([
      [1, 2, 3],
      [5],
      [[7], [8], [9]],
      [1, 2, 3],
      [0, 0],
    ]);
  });

  it('takes and gives the masks that travel with tensors', () => {
    const seen = vi.fn();
    const f = jit((x: Tensor) => {
      const mask = maskOf(x);
      seen(mask?.shape);
      if (mask === null) return x.mul(2);
      return withMask(ops.where(mask.expandDims(-1), x, 0), mask.logicalNot());
    });
    const plain = ops.ones([2, 3]);
    const masked = withMask(ops.ones([2, 3]), tensor([true, false]));
    expect(maskOf(f(plain))).toBeNull();
    const y = f(masked);
    expect([y.array(), maskOf(y)?.array()]).toEqual([
      [
        [1, 1, 1],
        [0, 0, 0],
      ],
      [false, true],
    ]);
    expect(f(withMask(ops.ones([2, 3]), tensor([false, true]))).array(2)[0]).toEqual([0, 0, 0]);
    expect(f(plain).array(2)[0]).toEqual([2, 2, 2]);
    expect(seen.mock.calls).toEqual([[undefined], [[2]]]);
  });

  it('works inside of itself and within tapes', () => {
    const inner = jit((x: Tensor) => x.square());
    const outer = jit((x: Tensor) => inner(x).add(1));
    expect(outer(tensor([2, 3])).array()).toEqual([5, 10]);
    const x = new Variable(3);
    const tape = new GradientTape();
    expect(
      tape
        .gradient(
          tape.record(() => outer(x)),
          x,
        )
        .item(),
    ).toBe(6);
  });
});

describe('the cost of a program', () => {
  it('counts products, elements and bytes', () => {
    const f = jit((x: Tensor, y: Tensor) => x.matmul(y).tanh().mul(2).sum());
    const [x, y] = [ops.ones([3, 4]), ops.ones([4, 5])];
    const cost = {flops: 2 * 3 * 4 * 5 + 2 * 15 + 15, bytes: 4 * (12 + 20 + 15 + 15 + 1), kernels: 2};
    expect(f.cost(x, y)).toMatchObject(cost);
    f(ops.ones([2, 4]), y);
    expect(f.cost().flops).toBe(2 * 2 * 4 * 5 + 3 * 10);
    expect(f.cost(x, y)).toMatchObject(cost);
  });

  it('counts the taps of convolutions, forward and backward', () => {
    const w = new Variable(ops.ones([3, 3, 2, 4]));
    const f = jit(
      (x: Tensor) => {
        const tape = new GradientTape();
        const y = tape.record(() => ops.conv(x, w));
        return tape.gradient(y, w);
      },
      {passes: {deadCode: false}},
    );
    expect(f.cost(ops.ones([1, 5, 5, 2])).flops).toBeGreaterThanOrEqual(2 * (2 * 9 * 4 * 3 * 3 * 2));
  });
});

describe('mistakes', () => {
  const x = ops.ones([2]);
  const leak: Tensor[] = [];
  const cases: readonly [string, () => unknown, RegExp][] = [
    [
      'a leak',
      () => {
        jit((t: Tensor) => {
          leak.push(t.mul(2));
          return t;
        })(x);
        return leak[0]?.add(1);
      },
      /: this tensor was made inside of a jitted function and leaked out of it; return it from the function instead$/,
    ],
    [
      'reading a leak',
      () => leak[0]?.array(),
      /^array\(\): this tensor was made inside of a jitted function and leaked/,
    ],
    [
      'a leak into another function',
      () => jit((t: Tensor) => t.add(leak[0] ?? t))(x),
      /^add: this tensor was made inside of a jitted function and leaked/,
    ],
    [
      'Variables at every call',
      () => jit((t: Tensor) => new Variable(ops.zeros([2])).add(t))(x),
      /^jit: the function makes 1 new Variables at every call; make them once, outside of it$/,
    ],
    [
      'a Variable of a traced value',
      () => jit((t: Tensor) => new Variable(t))(x),
      /^Variable: a Variable cannot be made inside of a jitted function from values that are known only when it runs; make it before$/,
    ],
    [
      'an asynchronous function',
      () => jit(async (t: Tensor) => Promise.resolve(t))(x),
      /^jit: the function must be synchronous, it returned a Promise; do what waits outside of it$/,
    ],
    [
      'typed arrays',
      () => jit((t: Tensor, data: Float32Array) => t.add(tensor(data)))(x, new Float32Array(2)),
      /^jit: a typed array is no argument of a jitted function, since its contents may change unseen; pass tensor\(data\)$/,
    ],
    [
      'strings',
      () => jit((t: Tensor<string>) => ops.shape(t))(tensor(['a', 'b'])),
      /^jit: string tensors cannot be compiled, call it outside of jit$/,
    ],
  ];
  it.each(cases)('%s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });

  it('are TraceErrors and leave Variables as they were', () => {
    const v = new Variable([1, 2]);
    const f = jit((t: Tensor) => {
      v.assignAdd(t);
      return Promise.resolve(v);
    });
    expect(() => f(x)).toThrow(TraceError);
    expect(v.array()).toEqual([1, 2]);
  });

  it('of indices name the function and are found when it runs', () => {
    const f = jit((t: Tensor, i: Tensor) => ops.take(t, i));
    expect(f(x, tensor([1, 0], 'int32')).array()).toEqual([1, 1]);
    expect(() => f(x, tensor([1, 5], 'int32'))).toThrow(/^take: .*5/);
    expect(f(x, tensor([1, 0], 'int32')).array()).toEqual([1, 1]);
  });

  it('of arguments that change too often are told once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const f = jit((t: Tensor, n: number) => t.mul(n));
    for (let i = 0; i < 40; i++) f(x, i);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /^jit: a function was compiled 16 times, lately for \[float32\[2\], 15\] after \[float32\[2\], 14\]; /,
    );
    warn.mockRestore();
  });
});
