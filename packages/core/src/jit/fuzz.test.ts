import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, tensor, type Tensor, Variable} from '../index.js';
import {only} from '../testing/programs.js';
import {PASS_NAMES} from './passes/index.js';

// Random programs give the same with every combination of passes as they give op by op. KERATIN_FUZZ_RUNS=5000 tries more of them.

const ROWS = 3;
const COLUMNS = 5;

interface Machine {
  /** Matrices [rows, columns]. */
  readonly values: Tensor[];
  readonly variables: readonly Variable[];
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
  rows: binary((x, y) => x.add(ops.take(y, [2, 0, 1], 0))),
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

function machine(): Variable[] {
  return inputs(7).map((value) => new Variable(value));
}

describe('compiled programs', () => {
  it('give what the function gives, with any passes', () => {
    fc.assert(
      fc.property(
        fc.array(step, {minLength: 1, maxLength: 25}),
        fc.array(fc.nat(30), {minLength: 1, maxLength: 4}),
        fc.subarray([...PASS_NAMES]),
        (steps, kept, passes) => {
          const body = (variables: readonly Variable[], x: readonly Tensor[]): Tensor[] => {
            const state: Machine = {values: [...x], variables};
            for (const {name, a, b} of steps) STEPS[name]?.(state, a, b);
            return kept.map((i) => pick(state, state.values.length - 1 - (i % state.values.length)));
          };
          const [eager, some, all] = [machine(), machine(), machine()];
          const withSome = jit((x: readonly Tensor[]) => body(some, x), {passes: only(...passes)});
          const withAll = jit((x: readonly Tensor[]) => body(all, x));
          for (const seed of [1, 2, 3]) {
            const x = inputs(seed);
            const wanted = [...body(eager, x), ...eager].map((t) => [...t.data()]);
            expect([...withSome(x), ...some].map((t) => [...t.data()])).toEqual(wanted);
            expect([...withAll(x), ...all].map((t) => [...t.data()])).toEqual(wanted);
          }
        },
      ),
      {numRuns: Number(process.env['KERATIN_FUZZ_RUNS'] ?? 200), seed: 42},
    );
  });
});
