import {describe, expect, it, vi} from 'vitest';
import {
  GradientTape,
  jit,
  ops,
  random,
  setSeed,
  tensor,
  type Tensor,
  TraceError,
  valueAndGrad,
  Variable,
} from '../index.js';

// Plain JavaScript control flow on the values of tensors, as AutoGraph has it in Python.

const positive = (x: Tensor): boolean => x.sum().greater(0).item();

interface Case {
  readonly fn: (x: Tensor, n: Tensor) => unknown;
  readonly calls: readonly (readonly [number[], number])[];
}

const cases: Readonly<Record<string, Case>> = {
  'if and else': {
    fn: (x) => (positive(x) ? x.mul(2) : x.neg()),
    calls: [
      [[1, 2], 0],
      [[-1, -2], 0],
      [[3, 4], 0],
      [[-3, 0], 0],
    ],
  },
  'nested if': {
    fn: (x) => {
      const y = x.square();
      if (!positive(x)) return y.add(1);
      return y.sum().greater(10).item() ? y.div(2) : y.sub(x);
    },
    calls: [
      [[1, 2], 0],
      [[5, 2], 0],
      [[-1, 0], 0],
      [[1, 1], 0],
      [[7, 2], 0],
    ],
  },
  while: {
    fn: (x, n) => {
      let [y, left] = [x, n];
      while (left.greater(0).item()) {
        y = y.mul(x);
        left = left.sub(1);
      }
      return [y, left];
    },
    calls: [
      [[2, 3], 3],
      [[2, 3], 1],
      [[1, 3], 5],
      [[1, 2], 3],
      [[1, 2], 0],
    ],
  },
  'for and break': {
    fn: (x) => {
      let sum = ops.zeros([2]);
      for (let i = 0; i < 10; i++) {
        if (sum.max().greater(20).item()) break;
        sum = sum.add(x.mul(i));
      }
      return sum;
    },
    calls: [
      [[1, 2], 0],
      [[5, 5], 0],
      [[1, 1], 0],
      [[0, 0], 0],
      [[1, 2], 0],
    ],
  },
  'early return of numbers': {
    fn: (x, n) => {
      const k = n.cast('int32').item();
      if (k === 3) return 'three';
      return {k, y: x.add(n)};
    },
    calls: [
      [[1, 2], 3],
      [[1, 2], 4],
      [[2, 2], 3],
      [[2, 3], 4],
    ],
  },
  'a value read twice': {
    fn: (x) => {
      const test = x.sum().greater(0);
      const y = test.item() ? x.exp() : x;
      return test.item() ? y.add(x) : y;
    },
    calls: [
      [[1, 2], 0],
      [[-1, -2], 0],
      [[3, 4], 0],
    ],
  },
  'an argument itself': {
    fn: (x, n) => (n.item() > 1 ? x : x.add(1)),
    calls: [
      [[1, 2], 0],
      [[1, 2], 2],
      [[3, 4], 0],
    ],
  },
  'a list of values': {
    fn: (x) => {
      const signs = x.greater(0).array() as boolean[];
      return signs.map((sign, i) => (sign ? x.at(i).mul(10) : x.at(i)));
    },
    calls: [
      [[1, 2], 0],
      [[-1, 2], 0],
      [[3, 4], 0],
    ],
  },
  'gradients through all of it': {
    fn: (x, n) => {
      const tape = new GradientTape({persistent: true});
      tape.watch(x);
      const y = tape.record(() => {
        let z = x.square();
        for (let left = n; left.greater(0).item(); left = left.sub(1)) z = positive(z.sub(5)) ? z.mul(0.5) : z.mul(x);
        return z.sum();
      });
      return [y, tape.gradient(y, x)];
    },
    calls: [
      [[1, 2], 3],
      [[1, 2], 1],
      [[3, 3], 3],
      [[1, 2], 3],
      [[0.5, 1], 2],
    ],
  },
};

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Object && 'data' in each ? (each as Tensor).array() : each,
    ),
  );

describe('functions that read values', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const {fn, calls} = cases[name] ?? {fn: () => 0, calls: []};
    const compiled = jit(fn);
    for (let round = 0; round < 2; round++) {
      for (const [x, n] of calls) {
        const args = [tensor(x), tensor(n)] as const;
        expect(plain(compiled(...args))).toEqual(plain(fn(...args)));
      }
    }
  });

  it('run their source only for values not met before, and nothing twice', () => {
    const seen: string[] = [];
    const v = new Variable([0, 0]);
    const f = jit((x: Tensor) => {
      v.assignAdd(x);
      const big = v.sum().greater(10).item();
      seen.push(big ? 'big' : 'small');
      v.assignAdd(1);
      return big ? v.mul(0) : v.add(0);
    });
    const step = tensor([1, 1]);
    const values = [1, 2, 3, 4, 5].map(() => f(step).array());
    expect(values).toEqual([
      [2, 2],
      [4, 4],
      [6, 6],
      [0, 0],
      [0, 0],
    ]);
    expect(v.array()).toEqual([10, 10]);
    expect(seen).toEqual(['small', 'big']);
  });

  it('know what Variables held before a segment wrote them', () => {
    const v = new Variable([1, 2]);
    const w = new Variable([5, 5]);
    const f = jit((x: Tensor) => {
      const before = w.readValue();
      const scaled = v.mul(x);
      v.assign(scaled);
      if (!positive(scaled)) return before.sub(scaled);
      w.assignAdd(v);
      return before.add(w);
    });
    expect(f(tensor([2, 2])).array()).toEqual([12, 14]);
    expect(f(tensor([-1, -1])).array()).toEqual([9, 13]);
    expect(f(tensor([-1, -1])).array()).toEqual([16, 22]);
    expect([v.array(), w.array()]).toEqual([
      [2, 4],
      [9, 13],
    ]);
  });

  it('draw the random numbers of each call', () => {
    const fn = (x: Tensor) => {
      const noise = random.uniform([2], {minval: -1});
      return positive(noise) ? noise.add(random.normal([2])).add(x) : noise;
    };
    const f = jit(fn);
    const run = (each: typeof fn) => {
      setSeed(3);
      return Array.from({length: 12}, () => each(ops.ones([2])).array());
    };
    expect(run(f)).toEqual(run(fn));
    expect(run(f)).toEqual(run(fn));
  });

  it('train', () => {
    const train = (compile: boolean) => {
      const w = new Variable([3, -2]);
      const step = (x: Tensor) => {
        const [loss, grad] = valueAndGrad(() => w.mul(x).square().sum(), w);
        const norm = grad.square().sum().sqrt();
        w.assignSub(norm.greater(1).item() ? grad.div(norm) : grad.mul(0.1));
        return loss;
      };
      const run = compile ? jit(step) : step;
      return [1, 2, 3, 4, 5, 6, 7].map((i) => [run(tensor([1, i / 4])).item(), w.array()]);
    };
    expect(train(true)).toEqual(train(false));
  });

  it('run op by op where a value keeps changing, and say so once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const f = jit((x: Tensor) => x.mul(x.sum().item()));
    for (let i = 0; i < 40; i++) expect(f(tensor([i, 1])).array()).toEqual([i * (i + 1), i + 1]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toBe(
      'jit: a function met 17 different values where it reads a tensor, and runs op by op from now on for [float32[2]];' +
        ' compare with tensor operations first and read the boolean',
    );
    warn.mockRestore();
  });

  it('show their programs after a call', () => {
    const f = jit((x: Tensor) => (positive(x) ? x.mul(2) : x));
    expect(() => f.ir(ops.ones([2]))).toThrow(
      /^jit: this function reads the value of a tensor, so that its programs are known only after a call$/,
    );
    f(ops.ones([2]));
    expect(f.ir(ops.ones([2]))).toMatchInlineSnapshot(`
      "program(%0: float32[2]) {
        %1: float32[1] = sum(%0, axes: [0])
        %2: float32[] = reshape(%1, shape: [])
        %3: bool[1] = greater(%1, 0)
        %4: bool[] = reshape(%3, shape: [])
        return %1, %2, %4, %4
      }
      program(%0: float32[2]) {
        %1: float32[2] = multiply(%0, 2)
        return %1
      }"
    `);
    expect(f.cost().kernels).toBe(4);
  });

  it('must go the same way for the same values', () => {
    let extra = false;
    const f = jit((x: Tensor) => {
      const y = extra ? x.exp().log() : x;
      return positive(y) ? y : y.neg();
    });
    f(ops.ones([2]));
    extra = true;
    expect(() => f(tensor([-1, -1]))).toThrow(TraceError);
    expect(() => f(tensor([-1, -1]))).toThrow(
      /^item\(\): a jitted function took another way through its code than at its last call with the same values; /,
    );
  });

  it('may not make Variables at every call', () => {
    const f = jit((x: Tensor) => {
      const y = positive(x) ? x : x.neg();
      return new Variable([1, 2]).add(y);
    });
    f(ops.ones([2]));
    expect(() => f(tensor([-1, -1]))).toThrow(/^jit: the function makes 1 new Variables at every call; /);
  });
});
