import {describe, expect, it} from 'vitest';
import {
  GradientTape,
  memory,
  ops,
  random,
  recomputeGrad,
  setSeed,
  SeedGenerator,
  tensor,
  type Tensor,
  trimMemory,
  Variable,
} from '../index.js';
import {maskOf, withLogits, withMask} from '../internal.js';
import {checkGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';

checkLeaks();

describe('recomputeGrad', () => {
  const w = () => new Variable(uniform([3, 3]), {name: 'w'});

  it('gives the values and gradients of the function itself', () => {
    const v = w();
    const f = (x: Tensor) => x.matmul(v).tanh().square();
    const x = uniform([2, 3], -1, 1, 5);
    const results = [f, recomputeGrad(f)].map((g) => {
      const tape = new GradientTape();
      tape.watch(x);
      const y = tape.record(() => g(x).mul(x).sum());
      return [y, ...tape.gradient(y, [x, v])].map((t) => t.array());
    });
    expect(results[1]).toEqual(results[0]);
  });

  it('has second derivatives', () => {
    const v = uniform([3, 2], -1, 1, 8);
    checkGradients((x, m) => recomputeGrad((a: Tensor, b: Tensor) => a.matmul(b).sin())(x, m), [uniform([2, 3]), v], {
      order: 2,
    });
  });

  it('reaches what the function reads from outside, and names what it does not', () => {
    const [a, b] = [new Variable(2), new Variable(3, {name: 'b'})];
    const tape = new GradientTape({persistent: true});
    const {y, middle} = tape.record(() => {
      const inner = a.square();
      return {middle: inner, y: recomputeGrad(() => inner.mul(inner).mul(5))()};
    });
    expect(tape.gradient(y, a).item()).toBe(5 * 4 * 8);
    expect(tape.gradient(y, middle).item()).toBe(40);
    expect(() => tape.gradient(y, b)).toThrow('does not depend on variable b');
  });

  it('is itself where nothing records, and records nothing where nothing is followed', () => {
    let runs = 0;
    const f = recomputeGrad((x: Tensor) => {
      runs += 1;
      return x.square();
    });
    expect(f(tensor(3)).item()).toBe(9);
    const tape = new GradientTape();
    const y = tape.record(() => f(tensor(4)).add(new Variable(1)));
    expect(y.item()).toBe(17);
    expect(runs).toBe(2);
  });

  it('takes and gives structures, of some of which there is no gradient', () => {
    const v = new Variable([1, 2, 3]);
    const f = recomputeGrad((x: Tensor, factor: number) => ({
      z: x.mul(factor),
      list: [x.square(), x.argmax()],
      same: x,
      a: x.exp(),
    }));
    const tape = new GradientTape({persistent: true});
    const out = tape.record(() => f(v, 10));
    expect(Object.keys(out)).toEqual(['z', 'list', 'same', 'a']);
    expect(out.list[1]?.item()).toBe(2);
    expect(tape.gradient(out.z, v).array()).toEqual([10, 10, 10]);
    expect(tape.gradient(out.list[0] ?? v, v).array()).toEqual([2, 4, 6]);
    expect(tape.gradient(out.same, v).array()).toEqual([1, 1, 1]);
    const total = tape.record(() => out.z.add(out.same).sum());
    expect(tape.gradient(total, v).array()).toEqual([11, 11, 11]);
  });

  it('runs again with the values that Variables had', () => {
    const v = new Variable([2]);
    const f = recomputeGrad((x: Tensor) => x.mul(v).mul(v));
    const tape = new GradientTape();
    const x = new Variable([3]);
    const y = tape.record(() => f(x));
    v.assign([100]);
    x.assignAdd([7]);
    const [dx, dv] = tape.gradient(y, [x, v]);
    expect([dx.array(), dv.array()]).toEqual([[4], [12]]);
    expect([v.array(), x.array()]).toEqual([[100], [10]]);
  });

  it('assigns once', () => {
    const [count, written, x] = [
      new Variable(0, {trainable: false}),
      new Variable([0, 0], {trainable: false}),
      new Variable([1, 2]),
    ];
    const f = recomputeGrad((value: Tensor) => {
      count.assignAdd(1);
      written.at(0).assign(count);
      return value.mul(count);
    });
    const tape = new GradientTape();
    const y = tape.record(() => f(f(x)).sum());
    expect([count.item(), written.array()]).toEqual([2, [2, 0]]);
    count.assign(50);
    written.assign([8, 9]);
    expect(tape.gradient(y, x).array()).toEqual([2, 2]);
    expect([count.item(), written.array()]).toEqual([50, [8, 9]]);
  });

  it('draws the same random numbers again, of every generator, and leaves the generators where they were', () => {
    const own = new SeedGenerator(5);
    const masks: unknown[] = [];
    const f = recomputeGrad((x: Tensor) => {
      const noise = random.dropout(ops.ones([40]), 0.5).add(random.normal([40], {seed: own}));
      masks.push(noise.array());
      return x.mul(noise);
    });
    setSeed(1);
    const x = new Variable(ops.ones([40]));
    const tape = new GradientTape();
    const y = tape.record(() => f(f(x)));
    const after = [own.counter, random.uniform([]).item()];
    setSeed(1);
    const counter = own.counter;
    const gradient = tape.gradient(y, x);
    expect(own.counter).toBe(counter);
    // Backwards: the second call is run again first.
    expect(masks).toHaveLength(4);
    expect(masks[2]).toEqual(masks[1]);
    expect(masks[3]).toEqual(masks[0]);
    expect(masks[0]).not.toEqual(masks[1]);
    expect(gradient.array()).toEqual(y.array());
    for (let i = 0; i < 2; i++) random.dropout([1], 0.5);
    expect([own.counter, random.uniform([]).item()]).toEqual(after);
  });

  it('nests', () => {
    const seed = new SeedGenerator(3);
    const v = new Variable(uniform([4]));
    let runs = 0;
    const inner = recomputeGrad((x: Tensor) => {
      runs += 1;
      return x
        .mul(v)
        .sin()
        .mul(random.uniform([4], {dtype: 'float64', seed}));
    });
    const outer = recomputeGrad((x: Tensor) => inner(inner(x)).add(x));
    const x = uniform([4], -1, 1, 9);
    const gradientsOf = (f: (x: Tensor) => Tensor): unknown[] => {
      seed.counter = 0;
      const tape = new GradientTape();
      tape.watch(x);
      const y = tape.record(() => f(x));
      return tape.gradient(y, [x, v]).map((t) => t.array());
    };
    const wrapped = gradientsOf(outer);
    expect(runs).toBe(6);
    const plain = (a: Tensor) =>
      a
        .mul(v)
        .sin()
        .mul(random.uniform([4], {dtype: 'float64', seed}));
    expect(wrapped).toEqual(gradientsOf((a) => plain(plain(a)).add(a)));
  });

  it('keeps masks and drops logits, which a loss would use instead', () => {
    const x = new Variable([[1, 2]]);
    const tape = new GradientTape();
    const y = tape.record(() =>
      recomputeGrad((a: Tensor) => {
        const logits = a.mul(2);
        return withMask(withLogits(logits.softmax(), logits, 'softmax'), tensor([true]));
      })(x),
    );
    expect(maskOf(y)?.array()).toEqual([true]);
    expect(y.extra?.logits).toBeUndefined();
  });

  it('keeps less memory', () => {
    const kilobyte = 1024;
    const layers = 16;
    const blocks = Array.from({length: layers}, () => (x: Tensor) => x.sin().exp().tanh().add(1).sqrt());
    const x = new Variable(ops.ones([256 * kilobyte])); // 1 MB
    const held = (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): [number, number] => {
      trimMemory();
      const before = memory().numBytes;
      const tape = new GradientTape();
      const y = tape.record(() => blocks.reduce<Tensor>((value, block) => wrap(block)(value), x).sum());
      trimMemory();
      const bytes = memory().numBytes - before;
      return [bytes / (kilobyte * kilobyte), tape.gradient(y, x).at(0).item()];
    };
    const [plain, gradient] = held((f) => f);
    const [checkpointed, same] = held(recomputeGrad);
    expect(same).toBe(gradient);
    // Three values of a block are saved, or only its input.
    expect(plain).toBeGreaterThan(3 * layers - 1);
    expect(checkpointed).toBeLessThan(layers + 2);
  });

  it('leaves everything as it was where the function throws, and refuses Promises', () => {
    const v = new Variable([1]);
    const f = recomputeGrad((x: Tensor) => {
      v.assign(x);
      throw new Error('inside');
    });
    const tape = new GradientTape();
    expect(() => tape.record(() => f(new Variable([2])))).toThrow('inside');
    v.assign([3]);
    expect(v.array()).toEqual([3]);
    expect(() => recomputeGrad(() => Promise.resolve(1))()).toThrow('recomputeGrad: the function must be synchronous');
    expect(() => recomputeGrad(3 as never)).toThrow('recomputeGrad: a function is needed, got 3');
  });
});
