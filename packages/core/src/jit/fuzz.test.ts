import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {cond, GradientTape, jit, ops, random, tensor, type Tensor, Variable, whileLoop} from '../index.js';
import {updateVariables} from '../internal.js';
import {only} from '../testing/programs.js';
import {PASS_NAMES} from './passes/index.js';

// Random programs give the same with every combination of passes as they give op by op. KERATIN_FUZZ_RUNS=5000 tries more of them.

// Enough rows for reductions of columns to be fused.
const ROWS = 9;
const COLUMNS = 5;

interface Machine {
  /** Matrices [rows, columns]. */
  readonly values: Tensor[];
  readonly variables: readonly Variable[];
  readonly seeds: random.SeedGenerator;
}

type Step = (machine: Machine, a: number, b: number) => void;

const pick = ({values}: Machine, i: number): Tensor => values[i % values.length] ?? ops.zeros([ROWS, COLUMNS]);
const chosen = ({variables}: Machine, i: number): Variable => variables[i % variables.length] ?? new Variable(0);

const unary =
  (f: (x: Tensor) => Tensor): Step =>
  (m, a) =>
    void m.values.push(f(pick(m, a)));
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Step =>
  (m, a, b) =>
    void m.values.push(f(pick(m, a), pick(m, b)));

const STEPS: Readonly<Record<string, Step>> = {
  add: binary((x, y) => x.add(y)),
  mul: binary((x, y) => x.mul(y)),
  max: binary((x, y) => x.maximum(y)),
  where: binary((x, y) => ops.where(x.greater(y), x.mul(1), y.sub(0))),
  tanh: unary((x) => x.tanh()),
  twice: unary((x) => x.neg().neg().mul(2)),
  cast: unary((x) => x.cast('int32').cast('float32')),
  bias: binary((x, y) => x.add(y.at(0))),
  column: binary((x, y) => x.mul(y.at(':', 1).expandDims(1))),
  center: unary((x) => x.sub(x.mean({axis: 1, keepdims: true}))),
  softmax: unary((x) => ops.softmax(x)),
  softmaxByHand: unary((x) => {
    const exp = x.sub(x.max({axis: 1, keepdims: true})).exp();
    return exp.div(exp.sum({axis: 1, keepdims: true}));
  }),
  normalized: binary((x, y) => {
    const centered = x.sub(x.mean({axis: -1, keepdims: true}));
    const variance = centered.square().mean({axis: -1, keepdims: true});
    return centered.mul(variance.add(1e-3).rsqrt()).mul(y.at(0)).add(y.at(1));
  }),
  rowLoss: binary((x, y) => x.sub(x.sub(y).square().sum(-1).mul(0.1).expandDims(1))),
  entropy: binary((x, y) => {
    const tape = new GradientTape();
    tape.watch(x);
    const loss = tape.record(() => x.sub(y).abs().add(1).log().mean(-1).tanh().sum());
    return tape.gradient(loss, x).add(loss);
  }),
  folded: binary((x, y) =>
    ops.relu(
      x
        .reshape([COLUMNS * ROWS])
        .mul(2)
        .reshape([ROWS, COLUMNS])
        .add(y.at(2)),
    ),
  ),
  sum: binary((x, y) => x.add(y.sum())),
  turned: unary((x) => x.transpose().reshape([ROWS, COLUMNS])),
  reversed: unary((x) => x.at('::-1', '::-1')),
  product: binary((x, y) => x.matmul(y.transpose()).matmul(x).tanh()),
  dense: binary((x, y) => ops.relu(x.matmul(y.transpose()).matmul(x).mul(0.1).matmul(ops.eye(COLUMNS)).add(y.at(0)))),
  joined: binary((x, y) => ops.concatenate([x.at(':', ':2'), y.at(':', '2:')], 1)),
  rows: binary((x, y) => x.add(ops.take(y, [2, 0, 1, 8, 8, 3, 4, 7, 5], 0))),
  residual: binary((x, y) => x.add(x.matmul(y.transpose().matmul(y)))),
  activated: binary((x, y) => ops.silu(ops.gelu(x.matmul(y.transpose())).matmul(y).add(x))),
  columnSums: binary((x, y) => y.sub(x.mul(y.at(0)).exp().tanh().sum(0).mul(0.1))),
  batchNormalized: binary((x, y) => {
    const centered = x.sub(x.mean({axis: 0, keepdims: true}));
    const variance = centered.square().mean({axis: 0, keepdims: true});
    return centered.mul(variance.add(1e-3).rsqrt()).mul(y.at(0)).add(y.at(1));
  }),
  negatives: binary((x, y) => x.neg().mul(y.neg()).add(y.neg()).sub(x.neg().div(4)).add(y.neg().square())),
  power: unary((x) => x.abs().pow(0.5).add(x.pow(2))),
  float16: binary((x, y) => x.cast('float16').mul(y.cast('float16')).add(1).tanh().cast('float32')),
  bfloat16: binary((x, y) => ops.relu(x.cast('bfloat16').sub(y.cast('bfloat16'))).cast('float32')),
  float64: binary((x, y) => x.cast('float64').div(3).add(y.cast('float64').sum(0)).cast('float32')),
  integers: binary((x, y) => {
    const [i, j] = [x.mul(8).tanh().mul(9).cast('int32'), y.tanh().mul(5).cast('int32')];
    return i.mul(j).sub(i.neg()).maximum(j).add(0).cast('float32');
  }),
  logic: binary((x, y) => x.greater(0).logicalAnd(y.less(0.5)).logicalNot().cast('float32')),
  branch: binary((x, y) =>
    cond(
      x.sum().greater(y.sum()),
      () => x.mul(2).add(y.at(0)),
      () => y.neg().exp().minimum(3),
    ),
  ),
  loop: binary((x, y) => {
    const [, sum] = whileLoop(
      (i: Tensor) => i.less(3),
      (i: Tensor, s: Tensor): [Tensor, Tensor] => [i.add(1), s.mul(0.5).add(y).tanh()],
      [tensor(0, 'int32'), x],
    );
    return sum;
  }),
  draw: (m, a) => void m.values.push(pick(m, a).add(random.uniform([ROWS, COLUMNS], {seed: m.seeds}))),
  update: (m, a, b) => {
    const [v, w] = m.variables;
    if (v === undefined || w === undefined) return;
    updateVariables('sgd_update', [pick(m, a)], [0.1, 0, 0], [v]);
    updateVariables('sgd_update', [pick(m, b)], [0.1, 0, 0], [w]);
  },
  assign: (m, a, b) => void chosen(m, a).assign(pick(m, b)),
  assignAdd: (m, a, b) => void chosen(m, a).assignAdd(pick(m, b)),
  copy: (m, a, b) => void chosen(m, a).assign(chosen(m, b)),
  read: (m, a) => void m.values.push(chosen(m, a).readValue()),
  use: (m, a, b) => void m.values.push(chosen(m, a).mul(pick(m, b))),
  part: (m, a, b) => void chosen(m, a).at(1, ':').assign(pick(m, b).at(2)),
  gradient: (m, a, b) => {
    const v = chosen(m, a);
    const x = pick(m, b);
    const tape = new GradientTape();
    const loss = tape.record(() => v.mul(x).tanh().square().mean());
    v.assignSub(tape.gradient(loss, v).mul(0.5));
    m.values.push(loss.add(x));
  },
};

const step = fc.record({name: fc.constantFrom(...Object.keys(STEPS)), a: fc.nat(20), b: fc.nat(20)});

function inputs(seed: number): Tensor[] {
  return [0, 1].map((i) =>
    tensor(
      Float32Array.from({length: ROWS * COLUMNS}, (_, k) => Math.sin((seed + i + 1) * (k + 1))),
      {shape: [ROWS, COLUMNS]},
    ),
  );
}

function machine(): Omit<Machine, 'values'> {
  return {variables: inputs(7).map((value) => new Variable(value)), seeds: new random.SeedGenerator(3)};
}

const on = (passes: readonly string[], name: string): string => (passes.includes(name) ? 'on' : 'off');

describe('compiled programs', () => {
  it('give what the function gives, with any passes', () => {
    // Steps, and pairs of passes that are on or off.
    const met = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(step, {minLength: 1, maxLength: 25}),
        fc.array(fc.nat(30), {minLength: 1, maxLength: 4}),
        fc.subarray([...PASS_NAMES]),
        (steps, kept, passes) => {
          const body = (own: Omit<Machine, 'values'>, x: readonly Tensor[]): Tensor[] => {
            const state: Machine = {values: [...x], ...own};
            for (const {name, a, b} of steps) STEPS[name]?.(state, a, b);
            return kept.map((i) => pick(state, state.values.length - 1 - (i % state.values.length)));
          };
          const [eager, some, all] = [machine(), machine(), machine()];
          const withSome = jit((x: readonly Tensor[]) => body(some, x), {passes: only(...passes)});
          const withAll = jit((x: readonly Tensor[]) => body(all, x));
          for (const seed of [1, 2, 3]) {
            const x = inputs(seed);
            const wanted = [...body(eager, x), ...eager.variables].map((t) => [...t.data()]);
            expect([...withSome(x), ...some.variables].map((t) => [...t.data()])).toEqual(wanted);
            expect([...withAll(x), ...all.variables].map((t) => [...t.data()])).toEqual(wanted);
          }
          for (const {name} of steps) met.add(name);
          PASS_NAMES.forEach((a, i) => {
            for (const b of PASS_NAMES.slice(i + 1)) met.add(`${a} ${on(passes, a)}, ${b} ${on(passes, b)}`);
          });
        },
      ),
      {numRuns: Number(process.env['KERATIN_FUZZ_RUNS'] ?? 200), seed: 42},
    );
    for (const name of Object.keys(STEPS)) expect(met).toContain(name);
    PASS_NAMES.forEach((a, i) => {
      for (const b of PASS_NAMES.slice(i + 1)) {
        for (const [x, y] of ['on', 'off'].flatMap((each) => [[each, 'on'] as const, [each, 'off'] as const])) {
          expect(met).toContain(`${a} ${x}, ${b} ${y}`);
        }
      }
    });
  });
});
