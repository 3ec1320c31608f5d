import {expect, it} from 'vitest';
import {ops, tensor, type Tensor} from '../../index.js';
import {programText} from '../../testing/programs.js';

const x = ops.ones([2, 3]);

it('leaves out what changes nothing', () => {
  const fn = (t: Tensor) => [
    t.mul(1),
    t.div(1).sub(0),
    t.neg().neg(),
    t.maximum(t),
    t.transpose().transpose(),
    t.exp().mul(1),
  ];
  expect(programText(fn, [x])).toMatchInlineSnapshot(`
    "program(%0: float32[2,3]) {
      %1: float32[2,3] = multiply(%0, 1)
      %2: float32[2,3] = divide(%0, 1)
      %3: float32[2,3] = subtract(%2, 0)
      %4: float32[2,3] = negative(%0)
      %5: float32[2,3] = negative(%4)
      %6: float32[2,3] = maximum(%0, %0)
      %7: float32[3,2] = transpose(%0, axes: [1,0])
      %8: float32[2,3] = transpose(%7, axes: [1,0])
      %9: float32[2,3] = exp(%0)
      %10: float32[2,3] = multiply(%9, 1)
      return %1, %3, %5, %6, %8, %10
    }"
  `);
  expect(programText(fn, [x], 'simplify', 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3]) {
      %1: float32[2,3] = exp(%0)
      return %0, %0, %0, %0, %0, %1
    }"
  `);
});

it('leaves out what a wider dtype, a second time or a number changes nothing of', () => {
  const fn = (t: Tensor, n: Tensor, b: Tensor<boolean>) => [
    t.cast('float64').cast('float32'),
    n.cast('float64').cast('int32'),
    b.cast('float32').cast('bool'),
    ops.relu(ops.relu(t)),
    t.add(-0),
    n.add(0),
    ops.where(ops.full([2, 3], true), t, t.neg()),
  ];
  const args = [x, ops.ones([2, 3], 'int32'), ops.ones([2, 3], 'bool')] as const;
  expect(programText(fn, [...args], 'simplify', 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3], %1: int32[2,3], %2: bool[2,3]) {
      %3: float32[2,3] = relu(%0)
      return %0, %1, %2, %3, %0, %1, %0
    }"
  `);
  const kept = (t: Tensor, n: Tensor) => [t.cast('float16').cast('float32'), n.cast('float32').cast('int32')];
  expect(programText(kept, [x, args[1]], 'simplify')).toBe(programText(kept, [x, args[1]]));
});

it('keeps what looks as if it changed nothing', () => {
  const fn = (t: Tensor, n: Tensor) => [
    t.add(0),
    t.mul(0),
    t.sub(-0),
    t.mul(ops.ones([4, 2, 3])),
    t.transpose().reshape([2, 3]),
    n.cast('float32'),
  ];
  const args = [x, tensor([1], 'int32')] as const;
  expect(programText(fn, [...args], 'simplify', 'deadCode')).toBe(programText(fn, [...args]));
});
