import {expect, it} from 'vitest';
import {jit, ops, random, type Tensor, Variable} from '../../index.js';
import {updateVariables} from '../../internal.js';
import {only, programText} from '../../testing/programs.js';
import {type PassOptions} from './index.js';

const variables = (): Variable[] =>
  [[2, 3], [3], [4]].map((shape, i) => new Variable(ops.ones(shape), {name: `v${String(i)}`}));

/** One step of gradient descent with momentum for each variable. */
function step(rate: Tensor, all: readonly Variable[], slots: readonly Variable[], x: Tensor): void {
  all.forEach((variable, i) => {
    const slot = slots[i];
    if (slot === undefined) return;
    updateVariables('sgd_update', [variable.mul(x)], [rate.cast('float64'), 0.9, 0], [variable, slot]);
  });
}

it('makes one step for all variables', () => {
  const [all, slots] = [variables(), variables()];
  const fn = (x: Tensor, rate: Tensor) => {
    step(rate, all, slots, x);
  };
  expect(programText(fn, [ops.ones([]), ops.ones([])], 'share', 'group')).toMatchInlineSnapshot(`
    "program(%0: float32[], %1: float32[]) {
      %2: float32[2,3] = variable v0
      %3: float32[2,3] = variable v0
      %4: float32[3] = variable v1
      %5: float32[3] = variable v1
      %6: float32[4] = variable v2
      %7: float32[4] = variable v2
      %8: float32[2,3] = multiply(%2, %0)
      %9: float64[] = cast(%1, dtype: float64)
      %10: float32[3] = multiply(%4, %0)
      %11: float32[4] = multiply(%6, %0)
      %12: float32[2,3], %13: float32[2,3], %14: float32[3], %15: float32[3], %16: float32[4], %17: float32[4] = sgd_update!(%8, %10, %11, %2, %3, %4, %5, %6, %7, %9, 0.9, 0)
      variable v0 = %12
      variable v0 = %13
      variable v1 = %14
      variable v1 = %15
      variable v2 = %16
      variable v2 = %17
      return
    }"
  `);
});

it('lets a step with other numbers be, and one that reads what another changed', () => {
  const [a, b, c] = variables();
  if (a === undefined || b === undefined || c === undefined) throw new Error('no variables');
  const fn = (x: Tensor) => {
    updateVariables('sgd_update', [a.mul(x)], [0.1, 0, 0], [a]);
    updateVariables('sgd_update', [b.mul(x)], [0.2, 0, 0], [b]);
    updateVariables('sgd_update', [c.mul(a.sum())], [0.1, 0, 0], [c]);
    updateVariables('sgd_update', [b.mul(x)], [0.2, 0, 0], [b]);
  };
  const text = programText(fn, [ops.ones([])], 'group');
  expect(text.match(/sgd_update!\(%\d+, %\d+, 0\.\d, 0, 0\)/g)).toHaveLength(4);
});

it('changes variables as single steps do, to the bit', () => {
  const run = (passes: readonly (keyof PassOptions)[]) => {
    const [all, slots] = [variables(), variables()];
    const f = jit((x: Tensor, rate: Tensor) => step(rate, all, slots, x), {passes: only(...passes)});
    for (let i = 0; i < 3; i++) f(ops.full([], 0.5 + i), ops.full([], 0.1));
    return [...all, ...slots].map((each) => [...each.data()]);
  };
  expect(run(['share', 'group'])).toEqual(run([]));
});

it('takes as many variables as there are', () => {
  const many = Array.from({length: 2500}, () => new Variable(random.normal([2])));
  const before = many.map((each) => each.array(1));
  const f = jit((x: Tensor) => {
    for (const each of many) updateVariables('sgd_update', [x], [1, 0, 0], [each]);
  });
  f(ops.ones([2]));
  expect(f.cost(ops.ones([2])).kernels).toBe(2);
  expect(many.map((each) => each.array(1))).toEqual(before.map((values) => values.map((x) => Math.fround(x - 1))));
});
