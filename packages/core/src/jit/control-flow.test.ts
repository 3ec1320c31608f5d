import {describe, expect, it, vi} from 'vitest';
import {
  cond,
  GradientTape,
  jit,
  ops,
  scan,
  tensor,
  type Tensor,
  ValueError,
  valueAndGrad,
  Variable,
  vectorizedMap,
  whileLoop,
} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

// What TensorFlow's AutoGraph makes of Python, as JavaScript: plain statements, and branches and loops as operations. Every function is
// called with several values, twice each: what the program of one way gives may not leak into another.

const arrays = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Object && 'data' in each ? (each as Tensor).array() : each,
    ),
  );

const {foriLoop} = ops;
const positive = (x: Tensor): boolean => x.sum().greater(0).item();
const square = (x: Tensor): Tensor => (positive(x) ? x.square() : x.square().neg());

const FUNCTIONS: Readonly<Record<string, (x: Tensor, n: Tensor) => unknown>> = {
  // Statements.
  continue: (x, n) => {
    let sum = ops.zerosLike(x);
    for (let i = 0; i < 6; i++) {
      if (n.equal(i).item()) continue;
      sum = sum.add(x.mul(i));
    }
    return sum;
  },
  'break out of nested loops': (x, n) => {
    let y = x;
    outer: for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 3; j++) {
        y = y.add(i * j);
        if (y.max().greater(n.mul(4)).item()) break outer;
      }
    }
    return y;
  },
  'early return from a loop': (x, n) => {
    let y = x;
    for (let i = 0; i < 8; i++) {
      if (y.abs().max().greater(20).item()) return [i, y];
      y = y.mul(n);
    }
    return ['never', y];
  },
  'inner functions that branch': (x, n) => {
    const inner = (y: Tensor): Tensor => (y.sum().greater(n).item() ? square(y.sub(n)) : y);
    return inner(inner(x)).add(square(x));
  },
  'a recursive function': (x, n) => {
    const power = (k: Tensor): Tensor => (k.lessEqual(0).item() ? ops.onesLike(x) : x.mul(power(k.sub(1))));
    return power(n);
  },
  'and, or, ternaries': (x, n) => {
    const big = n.greater(2).item();
    const flag = big && positive(x) ? 2 : big || positive(x) ? 1 : 0;
    return x.mul(flag);
  },
  'try and finally': (x) => {
    let y = x;
    try {
      if (!positive(x)) throw new Error('negative');
      y = y.mul(2);
    } catch {
      y = y.neg();
    } finally {
      y = y.add(1);
    }
    return y;
  },
  'a loop that changes what is outside of it': (x, n) => {
    let [sum, count] = [ops.zerosLike(x), 0];
    const add = (y: Tensor): void => {
      sum = sum.add(y);
      count += 1;
    };
    while (n.greater(count).item()) add(x.mul(count));
    return [sum, count];
  },
  'a flag in place of the else of a loop': (x, n) => {
    let found = false;
    for (let i = 0; i < 3; i++) {
      if (n.equal(i).item()) {
        found = true;
        break;
      }
    }
    return found ? x : x.neg().mul(n);
  },
  'nested loops that continue, break and return': (x, n) => {
    let y = x;
    for (let i = 0; i < 4; i++) {
      if (n.equal(i).item()) continue;
      let k = 0;
      while (y.abs().sum().less(30).item()) {
        if (++k > 2) break;
        y = y.mul(2);
      }
      if (y.sum().greater(40).item()) return [y, i];
    }
    return [y, -1];
  },
  'lists that grow': (x, n) => {
    const list: Tensor[] = [];
    for (let i = 0; n.greater(i).item(); i++) list.push(x.mul(i + 1));
    return list.length === 0 ? x : ops.stack(list);
  },
  generators: (x, n) => {
    function* doubled(): Generator<Tensor> {
      for (let y = x; y.abs().max().less(n.mul(3)).item(); y = y.mul(2)) yield y;
    }
    let sum = x;
    for (const y of doubled()) sum = sum.add(y);
    return sum;
  },
  lambdas: (x, n) => [n.greater(1).item() ? (y: Tensor) => y.add(1) : (y: Tensor) => y.sub(1)].map((f) => f(x))[0],
  'do, and a switch': (x, n) => {
    let y = x;
    let i = 0;
    do y = y.mul(n);
    while (++i < 3 && y.abs().sum().less(20).item());
    switch (i) {
      case 1:
        return y;
      case 2:
        return y.neg();
      default:
        return y.add(100);
    }
  },
  'optional and nullish values': (x, n) => {
    const scale = n.greater(1).item() ? n : null;
    return x.mul(scale ?? 5).add(scale?.square() ?? 0);
  },
  'errors that leave through finally': (x, n) => {
    const log: number[] = [];
    const guarded = (limit: number): Tensor => {
      try {
        if (n.greater(limit).item()) throw new RangeError('too much');
        return x.mul(limit);
      } finally {
        log.push(limit);
      }
    };
    let y = x;
    for (const limit of [3, 2, 1]) {
      try {
        y = y.add(guarded(limit));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        y = y.neg();
      }
    }
    return [y, ...log];
  },
  'objects and their methods': (x, n) => {
    class Counter {
      total = ops.zerosLike(x);
      add(y: Tensor): this {
        if (y.sum().greater(n).item()) this.total = this.total.add(y);
        return this;
      }
    }
    return new Counter().add(x).add(x.mul(4)).add(x.neg()).total;
  },
  'mutual recursion': (x, n) => {
    const even = (k: Tensor): Tensor => (k.lessEqual(0).item() ? x : odd(k.sub(1)));
    const odd = (k: Tensor): Tensor => (k.lessEqual(0).item() ? x.neg() : even(k.sub(1)).mul(2));
    return even(n);
  },
  'destructuring of rows': (x, n) => {
    const [a, b] = x.add(n);
    return a !== undefined && b !== undefined && a.greater(b).item() ? a.mul(b) : x;
  },
  'a loop over rows': (x) => {
    let sum = ops.zeros([]);
    for (const row of x.reshape([2, 1])) if (row.sum().greater(0).item()) sum = sum.add(row.sum());
    return sum;
  },
  // Operations.
  cond: (x, n) => cond(n.greater(2), () => x.mul(n), () => x.sub(n)), // prettier-ignore
  'nested cond': (x, n) =>
    cond(
      x.sum().greater(0),
      () => cond(n.greater(2), () => [x.exp(), n], () => [x, n.neg()]), // prettier-ignore
      () => [x.abs(), n.square()],
    ),
  whileLoop: (x, n) =>
    whileLoop(
      (i, y) => ops.logicalAnd(i.less(n), y.max().less(1000)),
      (i, y) => [i.add(1), y.mul(x).add(1)],
      [tensor(0), x],
    ),
  'cond within whileLoop': (x, n) =>
    whileLoop(
      (i) => i.greater(0),
      (i, y) => [i.sub(1), cond(ops.equal(ops.mod(i, 2), 0), () => y.mul(2), () => y.add(x))], // prettier-ignore
      [n, x],
    ),
  'whileLoop with a limit': (x, n) =>
    whileLoop((y) => y.sum().less(n.mul(100)), (y) => y.add(x.abs()).add(1), x, {maximumIterations: 7}), // prettier-ignore
  'early return beside operations': (x, n) => {
    const y = whileLoop((i) => i.less(n), (i) => i.mul(2), tensor(1)); // prettier-ignore
    if (y.greater(3).item()) return x.mul(y);
    return foriLoop(0, 3, (i, z: Tensor) => z.add(i.cast('float32')), x);
  },
  'a loop of a loop that is read': (x, n) => {
    let y = x;
    for (let i = 0; i < 3; i++) {
      y = cond(y.sum().greater(n), () => y.mul(0.5), () => y.add(1)); // prettier-ignore
      if (y.max().greater(3).item()) break;
    }
    return y;
  },
  switch: (x, n) => ops.switch(n.cast('int32'), [() => x, () => x.neg(), () => x.square()]),
  foriLoop: (x, n) => foriLoop(1, n.cast('int32'), (i, y: Tensor) => y.mul(x).add(i.cast('float32')), x),
  map: (x, n) => ops.map((row: Tensor) => cond(row.sum().greater(0), () => row.mul(n), () => row), x.reshape([2, 1])), // prettier-ignore
  scan: (x, n) =>
    scan((carry: Tensor, each: Tensor) => [carry.mul(each).add(n), carry.sub(each)], n, x.reshape([2, 1]).sum(1)),
  vectorizedMap: (x, n) => vectorizedMap((row: Tensor) => row.mul(n).exp().sum(), x.reshape([2, 1])),
};

const CALLS: readonly (readonly [readonly number[], number])[] = [
  [[1, 2], 3],
  [[-1, 0.5], 2],
  [[2, 3], 4],
  [[0.5, -2], 1],
  [[1, 2], 0],
];

describe('control flow', () => {
  it.each(Object.keys(FUNCTIONS))('%s', (name) => {
    const fn = FUNCTIONS[name];
    if (fn === undefined) return;
    const compiled = jit(fn);
    for (let round = 0; round < 2; round++) {
      for (const [x, n] of CALLS) {
        const args = [tensor(x), tensor(n)] as const;
        expect(arrays(compiled(...args))).toEqual(arrays(fn(...args)));
      }
    }
  });

  it.each(Object.keys(FUNCTIONS))('gradients through %s', (name) => {
    const fn = FUNCTIONS[name];
    if (fn === undefined) return;
    const gradient = (x: Tensor, n: Tensor) => {
      const tape = new GradientTape({persistent: true});
      tape.watch(x);
      const y = tape.record(() =>
        [fn(x, n)]
          .flat(2)
          .filter((each) => typeof each === 'object')
          .reduce<Tensor>((sum, each) => sum.add((each as Tensor).sum()), x.sum()),
      );
      return [y, tape.gradient(y, x)];
    };
    const compiled = jit(gradient);
    for (let round = 0; round < 2; round++) {
      for (const [x, n] of CALLS) {
        const args = [tensor(x), tensor(n)] as const;
        expect(arrays(compiled(...args))).toEqual(arrays(gradient(...args)));
      }
    }
  });

  it('trains through branches and loops of Variables', () => {
    const train = (compile: boolean) => {
      const w = new Variable([0.5, -0.25]);
      const step = (x: Tensor, n: Tensor) => {
        const [loss, dw] = valueAndGrad(() => {
          const [, y] = whileLoop((i) => i.greater(0), (i, z) => [i.sub(1), z.mul(w).add(x)], [n, x]); // prettier-ignore
          return cond(y.sum().greater(1), () => y.square().mean(), () => y.abs().sum()); // prettier-ignore
        }, w);
        w.assignSub(dw.mul(0.01));
        return loss;
      };
      const run = compile ? jit(step) : step;
      // A loop that does not run gives no gradient.
      return CALLS.filter(([, n]) => n > 0).map(([x, n]) => [run(tensor(x), tensor(n)).item(), w.array()]);
    };
    expect(train(true)).toEqual(train(false));
  });
});

describe('assertions', () => {
  it.each([1, 0])('stop a compiled function as they stop any other one, with %i', (first) => {
    const fn = (x: Tensor) => {
      if (x.max().greater(5).item()) throw new ValueError('x must be at most 5');
      return x.mul(2);
    };
    const f = jit(fn);
    for (const value of [first === 1 ? 9 : 1, 1, 9, 9, 2]) {
      if (value > 5) expect(() => f(tensor([value]))).toThrow('x must be at most 5');
      else expect(f(tensor([value])).array()).toEqual([2 * value]);
    }
  });
});

describe('loops and branches in a program', () => {
  it('are parts of one program, which is made once for any number of trips', () => {
    const traced = vi.fn();
    const f = jit((x: Tensor, n: Tensor) =>
      whileLoop(
        (i) => i.less(n),
        (i, y) => {
          traced();
          return [i.add(1), y.mul(0.5).add(x)];
        },
        [tensor(0), x],
      ),
    );
    const x = tensor([1, 2]);
    const [i, y] = f(x, tensor(10_000));
    expect([i.item(), y.array()]).toEqual([10_000, [2, 4]]);
    expect(f(x, tensor(0))[1].array()).toEqual([1, 2]);
    expect(f(x, tensor(1))[1].array()).toEqual([1.5, 3]);
    expect(traced).toHaveBeenCalledTimes(1);
    // A copy of the start, the loop, and what one trip of it takes: a comparison, a sum, a chain of two.
    expect(f.cost()).toMatchObject({kernels: 5, flops: 6, openLoops: 1});
    expect(f.ir(x, tensor(3))).toMatchInlineSnapshot(`
      "program(%0: float32[2], %1: float32[]) {
        %2: float32[], %3: float32[2] = while(0, %0, %1, %0) program(%0: float32[], %1: float32[2], %2: float32[], %3: float32[2]) {
          %4: bool[] = less(%0, %2)
          return %4
        } program(%0: float32[], %1: float32[2], %2: float32[], %3: float32[2]) {
          %4: float32[] = add(%0, 1)
          %5: float32[2] = chain(add(multiply(%1, 0.5), %3))
          return %4, %5
        }
        return %2, %3
      }"
    `);
  });

  it('nest, read Variables, and change nothing where they do not run', () => {
    const w = new Variable([2, 3]);
    const fn = (x: Tensor, n: Tensor) => {
      const before = w.readValue();
      w.assignAdd(x);
      const [, y] = whileLoop(
        (i) => i.greater(0),
        (i, z) => [i.sub(1), cond(z.sum().greater(w.sum()), () => z.sub(w), () => whileLoop((k) => k.sum().less(5), (k) => k.add(w), z))], // prettier-ignore
        [n, x],
      );
      return [before, y, cond(n.greater(3), () => ({a: x, b: w.mul(2)}), () => ({a: w.readValue(), b: x}))]; // prettier-ignore
    };
    const compiled = jit(fn);
    const all = (run: typeof fn) => {
      w.assign([2, 3]);
      return [...CALLS, ...CALLS].map(([x, n]) => [arrays(run(tensor(x), tensor(n))), w.array()]);
    };
    expect(all(compiled)).toEqual(all(fn));
    expect(compiled.ir(tensor([1, 2]), tensor(3)).match(/while\(/g)).toHaveLength(2);
  });

  it('take other ways where they do more than compute', () => {
    const v = new Variable(0);
    const fn = (x: Tensor) =>
      whileLoop(
        (i) => i.less(x),
        (i) => {
          v.assignAdd(i);
          return i.add(1);
        },
        tensor(0),
      );
    const f = jit(fn);
    expect([3, 2, 3].map((n) => [f(tensor(n)).item(), v.item()])).toEqual([
      [3, 3],
      [2, 4],
      [3, 7],
    ]);
  });

  it('report mistakes as they do outside of jit', () => {
    const f = jit((x: Tensor) => whileLoop((y) => y.sum().less(5), (y) => y.expandDims(0), x)); // prettier-ignore
    expect(() => f(tensor([1]))).toThrow(/^whileLoop: what body gives must keep shape and dtype: float32 \(1,\), got /);
    const take = jit((x: Tensor, i: Tensor) => cond(x.sum().greater(0), () => ops.take(x, i), () => ops.take(x, i.mul(0)))); // prettier-ignore
    expect(take(tensor([1, 2]), tensor([1], 'int32')).array()).toEqual([2]);
    expect(take(tensor([-1, -2]), tensor([7], 'int32')).array()).toEqual([-1]);
    expect(() => take(tensor([1, 2]), tensor([7], 'int32'))).toThrow(/^cond: .*7/);
  });
});
