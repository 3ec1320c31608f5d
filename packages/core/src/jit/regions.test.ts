import {describe, expect, it, vi} from 'vitest';
import {cond, GradientTape, jit, ops, scan, tensor, type Tensor, valueAndGrad, Variable, whileLoop} from '../index.js';
import {uniform} from '../testing/values.js';
import {checkLeaks} from '../testing/leaks.js';

// Loops and branches as single operations of a program, with their gradients.

checkLeaks();

/** The gradients of a function's sum with respect to its arguments. */
const gradients =
  (fn: (...args: Tensor[]) => Tensor) =>
  (...args: Tensor[]): Tensor[] => {
    const tape = new GradientTape();
    for (const arg of args) tape.watch(arg);
    const y = tape.record(() => fn(...args).sum());
    return [y, ...tape.gradient(y, args, {unconnectedGradients: 'zero'})];
  };

const close = (actual: readonly Tensor[], expected: readonly Tensor[]): void => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((each, i) => {
    const other = expected[i] as Tensor;
    expect([each.shape, each.dtype]).toEqual([other.shape, other.dtype]);
    expect(ops.isclose(each, other, {rtol: 1e-9, atol: 1e-9}).all().item()).toBe(true);
  });
};

const regions = (text: string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [, kind = ''] of text.matchAll(/= (cond|while|scan)\(/g)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
};

type Functions = Readonly<Record<string, (x: Tensor, w: Tensor) => Tensor>>;

// x is (3, 4), w (4, 4).
const LOOPS: Functions = {
  'scan of rows': (x, w) => {
    const [last, all] = scan(
      (h: Tensor, row: Tensor): [Tensor, Tensor] => {
        const next = h.matmul(w).add(row).tanh();
        return [next, next.mul(row)];
      },
      ops.zeros([1, 4], 'float64'),
      x.reshape([3, 1, 4]),
    );
    return last.sum().add(all.square().sum());
  },
  'scan in reverse, without carry': (x, w) =>
    scan(
      (_: Tensor, row: Tensor): [Tensor, Tensor] => [row, row.matmul(w).exp()],
      x.reshape([3, 1, 4]).at(0),
      x.reshape([3, 1, 4]),
      {
        reverse: true,
      },
    )[1],
  'scan without rows': (x, w) =>
    scan((h: Tensor): [Tensor, Tensor] => [h.matmul(w).sin(), h.sum()], x, null, {length: 5})[1],
  map: (x, w) => ops.map((row: Tensor) => w.matmul(row.reshape([4, 1])).sigmoid(), x),
  foriLoop: (x, w) => ops.foriLoop(0, 4, (i, h) => h.matmul(w).add(i.cast('float64')).tanh(), x),
  'foriLoop to a bound that is computed': (x, w) =>
    ops.foriLoop(0, x.shape[0] === 3 ? x.max().mul(0).add(3).cast('int32') : 3, (_, h) => h.matmul(w).tanh(), x),
  'whileLoop of unknown length': (x, w) =>
    whileLoop((i, h) => h.abs().sum().less(i.add(200)), (i, h) => [i.add(1), h.matmul(w).add(h.mul(2))], [tensor(0, 'float64'), x])[1], // prettier-ignore
  'whileLoop with a limit': (x, w) =>
    whileLoop((h) => h.sum().less(1e9), (h) => h.matmul(w).sin(), x, {maximumIterations: 3}), // prettier-ignore
  'whileLoop that never runs': (x, w) =>
    whileLoop((h) => h.sum().greater(1e9), (h) => h.matmul(w), x).add(w.sum()), // prettier-ignore
  'a loop within a loop': (x, w) =>
    ops.foriLoop(0, 3, (i, h) =>
      whileLoop((k) => k.lessEqual(i), (k, z) => [k.add(1), z.matmul(w).tanh().add(x)], [tensor(0, 'int32'), h])[1], x), // prettier-ignore
  'a branch within a loop': (x, w) =>
    ops.foriLoop(0, 5, (i, h) => cond(ops.equal(ops.mod(i, 2), 0), () => h.matmul(w).sin(), () => h.add(x).square().mul(0.1)), x), // prettier-ignore
  'a loop within a branch': (x, w) =>
    cond(x.sum().greater(-1e9), () => ops.foriLoop(0, 3, (_, h) => h.matmul(w).cos(), x), () => x.exp()), // prettier-ignore
  'branches of branches': (x, w) =>
    cond(x.sum().greater(1e9), () => x, () => cond(w.sum().greater(-1e9), () => x.matmul(w).exp(), () => w.sum().mul(x))), // prettier-ignore
  switch: (x, w) => ops.switch(x.argmax().mul(0).add(1), [() => x, () => x.matmul(w).tanh(), () => w]),
  'states that stay and states that nobody needs': (x, w) =>
    whileLoop((i) => i.less(4), (i, a, b, c) => [i.add(1), a, b.mul(a).add(1), c.add(b)], [tensor(0), x, x.matmul(w), x])[2], // prettier-ignore
  'a body that gives what it read': (x, w) =>
    scan((_: Tensor, row: Tensor): [Tensor, Tensor] => [row, w], x.at(0), x)[1],
};

describe('gradients', () => {
  const x = uniform([3, 4], -1, 1);
  const w = uniform([4, 4], -0.5, 0.5);

  it.each(Object.keys(LOOPS))('%s', (name) => {
    const fn = LOOPS[name];
    if (fn === undefined) return;
    const step = jit(gradients(fn));
    close(step(x, w), gradients(fn)(x, w));
    close(step(x.mul(2), w.neg()), gradients(fn)(x.mul(2), w.neg()));
  });

  it('of loops and branches are loops and branches, of as many operations for any number of trips', () => {
    const shape = (trips: number) => {
      const step = jit(
        gradients((a, b) => ops.foriLoop(0, trips, (_, h) => cond(h.sum().greater(0), () => h.matmul(b).tanh(), () => h.mul(2)), a)), // prettier-ignore
      );
      step(x, w);
      return [regions(step.ir(x, w)), step.ir(x, w).split('\n').length];
    };
    expect(shape(3)).toEqual(shape(300));
    // The way there and the way back, a loop and a branch each.
    expect(shape(3)[0]).toEqual({scan: 2, cond: 2});
  });

  it('save what they need, and nothing where nobody asks', () => {
    const fn = (a: Tensor, b: Tensor) => ops.foriLoop(0, 3, (i, h) => h.matmul(b).add(i.cast('float64')).tanh(), a);
    expect(jit(fn).ir(x, w)).not.toContain('int64');
    const watched = jit((a: Tensor, b: Tensor) => {
      const tape = new GradientTape();
      tape.watch(a);
      return tape.record(() => fn(a, b));
    });
    expect(watched.ir(x, w)).not.toContain('int64');
    // The product is not saved: tanh needs its result, the product its operands.
    expect(
      jit(gradients(fn))
        .ir(x, w)
        .split('\n')
        .filter((line) => /trips|return/.test(line)),
    ).toMatchInlineSnapshot(`
      [
        "  %2: int32[], %3: float64[3,4], %4: int64[] = scan(0, %0, %1, trips: 3) program(%0: int32[], %1: float64[3,4], %2: float64[4,4]) {",
        "    return %5, %6, %6, %1",
        "  %5: float64[3,4], %6: float64[4,4] = scan(%4, full(1, [3,4]), full(0, [4,4]), %1, trips: 3, reverse) program(%0: float64[3,4], %1: float64[4,4], %2: float64[3,4], %3: float64[3,4], %4: float64[4,4]) {",
        "    return %7, %9",
        "  return %8, %5, %6",
      ]
    `);
  });

  it('train Variables, and change them within loops', () => {
    const train = (compile: boolean) => {
      const v = new Variable(w);
      const count = new Variable(0, {trainable: false});
      const step = (a: Tensor) => {
        const [loss, dv] = valueAndGrad(() => {
          const h = ops.foriLoop(0, 3, (_, z) => {
            count.assignAdd(1);
            return z.matmul(v).tanh().mul(count.cast('float64'));
          }, a); // prettier-ignore
          return cond(h.sum().greater(0), () => (count.assignAdd(10), h.square().sum()), () => h.sum()); // prettier-ignore
        }, v);
        v.assignSub(dv.mul(0.1));
        return loss;
      };
      const run = compile ? jit(step) : step;
      return [0.5, 1, -1, 2].map((k) => [run(x.mul(k)), v.readValue(), count.readValue()] as const);
    };
    train(true).forEach((each, i) => {
      close(each, train(false)[i] ?? []);
    });
  });

  it('may train within a loop', () => {
    const train = (compile: boolean) => {
      const v = new Variable(w);
      const run = (a: Tensor) =>
        whileLoop((i) => i.less(10), (i) => {
          const [, dv] = valueAndGrad(() => ops.foriLoop(0, 3, (_, z) => z.matmul(v).tanh(), a).square().sum(), v);
          v.assignSub(dv.mul(0.1));
          return i.add(1);
        }, tensor(0)); // prettier-ignore
      const step = compile ? jit(run) : run;
      step(x);
      step(x.neg());
      if (compile)
        expect(regions((step as ReturnType<typeof jit<[Tensor], Tensor>>).ir(x))).toEqual({while: 1, scan: 2});
      return [v.readValue()];
    };
    close(train(true), train(false));
  });

  it('are known after the function has read a value', () => {
    const fn = (a: Tensor, b: Tensor) => {
      const tape = new GradientTape({persistent: true});
      tape.watch(a);
      const y = tape.record(() => ops.foriLoop(0, 3, (_, z) => z.matmul(b).tanh(), a).sum());
      const factor = y.greater(0).item() ? 2 : 3;
      return [y, tape.gradient(y, a).mul(factor), tape.gradient(y, a)];
    };
    const compiled = jit(fn);
    for (const k of [1, -1, 1, -1]) close(compiled(x.mul(k), w), fn(x.mul(k), w));
  });

  it('of gradients are those of the single operations', () => {
    const second = (a: Tensor, b: Tensor) => {
      const outer = new GradientTape();
      outer.watch(a);
      const slope = outer.record(() => {
        const inner = new GradientTape();
        inner.watch(a);
        const y = inner.record(() => ops.foriLoop(0, 3, (_, z) => z.matmul(b).tanh(), a).sum());
        return inner.gradient(y, a).square().sum();
      });
      return [slope, outer.gradient(slope, a)];
    };
    close(jit(second)(x, w), second(x, w));
    // A tape that sees the gradient alone.
    const late = (a: Tensor, b: Tensor) => {
      const inner = new GradientTape({persistent: true});
      inner.watch(a);
      const y = inner.record(() =>
        cond(
          a.sum().greater(-1e9),
          () => a.matmul(b).tanh(),
          () => a,
        ).sum(),
      );
      const outer = new GradientTape();
      outer.watch(a);
      const slope = outer.record(() => inner.gradient(y, a).square().sum());
      return [slope, outer.gradient(slope, a, {unconnectedGradients: 'zero'})];
    };
    expect(jit(late)(x, w)[0]?.item()).toBeCloseTo(late(x, w)[0]?.item() ?? NaN, 10);
  });

  it('may be asked for more than once, and in a branch', () => {
    const fn = (a: Tensor, b: Tensor) => {
      const tape = new GradientTape({persistent: true});
      tape.watch(a);
      tape.watch(b);
      const y = tape.record(
        () => scan((h: Tensor): [Tensor, Tensor] => [h.matmul(b).tanh(), h], a, null, {length: 4})[1],
      );
      const one = tape.gradient(y, a);
      return [
        one,
        tape.gradient(y, b),
        cond(
          one.sum().greater(0),
          () => tape.gradient(y, a).mul(2),
          () => one,
        ),
      ];
    };
    close(jit(fn)(x, w), fn(x, w));
  });

  it('with a gradient of their own are taken', () => {
    const double = ops.customGradient((a: Tensor) => [a.mul(2), (dy: Tensor) => dy.mul(7)]);
    const fn = (a: Tensor, b: Tensor) => ops.foriLoop(0, 2, (_, h) => double(h).mul(b.sum()), a);
    close(jit(gradients(fn))(x, w), gradients(fn)(x, w));
  });
});

describe('programs', () => {
  it('follow a scan once, whatever its length', () => {
    const traced = vi.fn();
    const f = jit(
      (xs: Tensor) =>
      scan((sum: Tensor, row: Tensor): [Tensor, Tensor] => {
        traced();
        return [sum.add(row), sum.mul(row)];
      }, tensor(0), xs), // prettier-ignore
    );
    const [last, all] = f(ops.arange(1, 1001, 1, 'float32'));
    expect([last.item(), all.at(3).item(), all.shape]).toEqual([500_500, 24, [1000]]);
    expect(traced).toHaveBeenCalledTimes(1);
    expect(f.ir(tensor([1, 2, 3]))).toMatchInlineSnapshot(`
      "program(%0: float32[3]) {
        %1: float32[], %2: float32[3] = scan(0, %0, trips: 3) program(%0: float32[], %1: float32[]) {
          %2: float32[], %3: float32[] = chain(add(%0, %1); multiply(%0, %1))
          return %2, %3
        }
        return %1, %2
      }"
    `);
  });

  it('unroll a scan that asks for it', () => {
    const f = (unroll: boolean) =>
      jit((xs: Tensor) => scan((s: Tensor, row: Tensor): [Tensor, Tensor] => [s.add(row), s], tensor(0), xs, {unroll})[0]); // prettier-ignore
    const xs = tensor([1, 2, 3]);
    expect([f(true).ir(xs).includes('scan('), f(false).ir(xs).includes('scan(')]).toEqual([false, true]);
    expect([f(true)(xs).item(), f(false)(xs).item()]).toEqual([6, 6]);
  });

  it('leave out states, rows and results that nobody needs', () => {
    const f = jit((a: Tensor, xs: Tensor) => {
      const [[, b], ys] = scan(
        (
          [i, s, same]: [Tensor, Tensor, Tensor],
          row: Tensor,
        ): [[Tensor, Tensor, Tensor], {used: Tensor; not: Tensor}] => [
          [i.add(1), s.mul(same), same],
          {used: s.add(same), not: row.exp()},
        ],
        [tensor(0), a, a] as [Tensor, Tensor, Tensor],
        xs,
      );
      return [b, ys.used];
    });
    expect(f.ir(tensor(2), tensor([1, 2, 3]))).toMatchInlineSnapshot(`
      "program(%0: float32[], %1: float32[3]) {
        %2: float32[], %3: float32[3] = scan(%0, %0, trips: 3) program(%0: float32[], %1: float32[]) {
          %2: float32[], %3: float32[] = chain(multiply(%0, %1); add(%0, %1))
          return %2, %3
        }
        return %2, %3
      }"
    `);
    const [b, used] = f(tensor(2), tensor([1, 2, 3]));
    expect([b?.item(), used?.array()]).toEqual([16, [4, 6, 10]]);
  });
});
