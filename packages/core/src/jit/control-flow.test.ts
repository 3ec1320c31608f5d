import {afterEach, describe, expect, it, vi} from 'vitest';
import {
  cond,
  DtypeError,
  GradientTape,
  jit,
  ops,
  print,
  scan,
  ShapeError,
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

describe('print', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const lines = (fn: () => void): string[] => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    fn();
    const seen = log.mock.calls.map((call) => call.join(' '));
    log.mockRestore();
    return seen;
  };

  it('writes at every run, console.log while compiling only', () => {
    const w = new Variable([10, 20]);
    const f = jit((x: Tensor) => {
      console.log('compiling');
      print('before', w, 'and', 5);
      w.assignAdd(x);
      print('after', w, x.sum(), ops.zeros([2]));
      return x;
    });
    const run = () => lines(() => f(tensor([1, 2])));
    expect(run()).toEqual(['compiling', 'before [10. 20.] and 5', 'after [11. 22.] 3.0 [0. 0.]']);
    expect(run()).toEqual(['before [11. 22.] and 5', 'after [12. 24.] 3.0 [0. 0.]']);
    expect(lines(() => { print('eager', tensor([1, 2], 'int32')); })).toEqual(['eager [1 2]']); // prettier-ignore
  });

  it('follows the way that is taken', () => {
    const f = (x: Tensor) => {
      let y = x;
      print('start');
      while (y.sum().less(10).item()) {
        print('again', y);
        y = y.mul(2);
      }
      print('end', y);
      return y;
    };
    const compiled = jit(f);
    for (const values of [
      [1, 2],
      [4, 4],
      [1, 2],
      [20, 1],
    ]) {
      const x = tensor(values);
      expect(lines(() => compiled(x))).toEqual(lines(() => f(x)));
    }
  });

  it('within cond and whileLoop', () => {
    const f = (x: Tensor) =>
      whileLoop(
        (y) => y.less(5),
        (y) => {
          print('y is', y);
          return cond(y.less(2), () => (print('small'), y.add(1)), () => y.mul(2)); // prettier-ignore
        },
        x,
      );
    const compiled = jit(f);
    for (const value of [0, 1, 3, 0, 9]) {
      expect(lines(() => compiled(tensor(value)))).toEqual(lines(() => f(tensor(value))));
    }
  });
});

describe('inputSignature', () => {
  const traced = vi.fn();
  const f = jit(
    (x: Tensor, [a, {b}]: readonly [Tensor, {b: Tensor}]) => {
      traced();
      return x.matmul(a).add(b.cast('float32'));
    },
    {inputSignature: [{shape: [null, 3]}, [{shape: [3, 2]}, {b: {shape: [], dtype: 'int32'}}]]},
  );
  const rest = () => [ops.ones([3, 2]), {b: tensor(1, 'int32')}] as const;

  it('lets the sizes that it leaves open be any, one program each', () => {
    for (const n of [4, 1, 4, 1]) expect(f(ops.ones([n, 3]), rest()).shape).toEqual([n, 2]);
    expect(traced).toHaveBeenCalledTimes(2);
  });

  it.each<readonly [string, () => unknown, new (message: string) => Error, string]>([
    [
      'shape',
      () => f(ops.ones([4, 2]), rest()),
      ShapeError,
      'jit: argument 0 must be float32 (None,3) by the inputSignature, got float32 (4,2)',
    ],
    [
      'rank',
      () => f(ops.ones([3]), rest()),
      ShapeError,
      'jit: argument 0 must be float32 (None,3) by the inputSignature, got float32 (3,)',
    ],
    [
      'dtype',
      () => f(ops.ones([4, 3]), [rest()[0], {b: tensor(1)}]),
      DtypeError,
      'jit: argument 1[1].b must be int32 () by the inputSignature, got float32 ()',
    ],
    [
      'no tensor',
      () => f(5 as never, rest()),
      ValueError,
      'jit: argument 0 must be a tensor float32 (None,3) by the inputSignature, got 5',
    ],
    [
      'count',
      () => Reflect.apply(f, undefined, [ops.ones([4, 3])]) as unknown,
      ValueError,
      'jit: the function takes 2 arguments by its inputSignature, got 1',
    ],
    [
      'structure',
      () => f(ops.ones([4, 3]), [rest()[0]] as never),
      ValueError,
      'jit: argument 1 must be a list of 2 by the inputSignature, got [a Tensor]',
    ],
    [
      'signature',
      () => jit((x: Tensor) => x, {inputSignature: [{shape: [-1]}]}),
      ShapeError,
      'jit: the sizes of inputSignature[0] must be null or integers of at least 0, got (-1,)',
    ],
    [
      'entry',
      () => jit((x: Tensor) => x, {inputSignature: [5 as never]}),
      ValueError,
      'jit: inputSignature[0] must be {shape, dtype}, or a list or dictionary of those, got 5',
    ],
  ])('refuses another %s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
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
    // A copy of the start, and the loop.
    expect(f.cost().kernels).toBe(2);
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
