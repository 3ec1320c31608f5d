import {expect, it} from 'vitest';
import {jit, ops, random, type Tensor} from '../../index.js';
import {only, programText} from '../../testing/programs.js';

it('lets reductions of leading axes give the shape of what follows', () => {
  const fn = (x: Tensor, b: Tensor) => b.sub(x.sum([0, 1]).mul(0.1));
  expect(programText(fn, [ops.ones([2, 3, 4]), ops.ones([4])], 'squeeze', 'sink')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3,4], %1: float32[4]) {
      %2: float32[4] = sum(%0, axes: [0,1])
      %3: float32[4] = multiply(%2, 0.1)
      %4: float32[4] = subtract(%1, %3)
      return %4
    }"
  `);
});

it('leaves reductions of trailing axes, and those that are read as they are', () => {
  const fn = (x: Tensor) => {
    const sum = x.sum({axis: 0, keepdims: true});
    return [x.sum(-1), x.sum(), sum, sum.reshape([3]), x.max({axis: 0, keepdims: true})];
  };
  expect(programText(fn, [ops.ones([2, 3])], 'squeeze')).toBe(programText(fn, [ops.ones([2, 3])]));
});

it('changes no bit', () => {
  const fn = (x: Tensor, n: Tensor) => [x.mean([0, 1]), x.transpose().max([1]), n.sum(0), n.prod([0]).reshape([2, 2])];
  const args = [random.normal([5, 3, 4]), ops.ones([3, 4], 'int32').mul(2)] as const;
  const got = jit(fn, {passes: only('squeeze')})(...args);
  expect(got.map((t) => t.array())).toEqual(fn(...args).map((t) => t.array()));
});
