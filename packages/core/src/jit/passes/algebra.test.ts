import {expect, it} from 'vitest';
import {jit, ops, type Tensor, tensor} from '../../index.js';
import {only, programText} from '../../testing/programs.js';

const x = ops.ones([2, 3]);

it('writes functions as cheaper ones', () => {
  const fn = (a: Tensor, b: Tensor) => [
    a.add(b.neg()),
    a.neg().add(b),
    a.sub(b.neg()),
    a.neg().mul(b.neg()),
    a.neg().mul(3),
    a.neg().div(4),
    ops.divide(2, a.neg()),
    a.neg().square().add(b.neg().abs()),
    a.div(8),
    a.pow(2),
  ];
  expect(programText(fn, [x, x], 'algebra', 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3], %1: float32[2,3]) {
      %2: float32[2,3] = subtract(%0, %1)
      %3: float32[2,3] = subtract(%1, %0)
      %4: float32[2,3] = add(%0, %1)
      %5: float32[2,3] = multiply(%0, %1)
      %6: float32[2,3] = multiply(%0, -3)
      %7: float32[2,3] = multiply(%0, -0.25)
      %8: float32[2,3] = divide(-2, %0)
      %9: float32[2,3] = square(%0)
      %10: float32[2,3] = abs(%1)
      %11: float32[2,3] = add(%9, %10)
      %12: float32[2,3] = multiply(%0, 0.125)
      %13: float32[2,3] = square(%0)
      return %2, %3, %4, %5, %6, %7, %8, %11, %12, %13
    }"
  `);
});

it('leaves what rounds in another way, and integers', () => {
  const fn = (a: Tensor, n: Tensor) => [
    a.div(3),
    a.div(1e-39),
    a.mul(2).mul(3),
    a.pow(0.5),
    a.pow(3),
    n.pow(2),
    n.mul(3),
  ];
  const args = [x, ops.ones([2, 3], 'int32')] as const;
  expect(programText(fn, [...args], 'algebra', 'deadCode')).toBe(programText(fn, [...args]));
});

it.each(['float32', 'float64'] as const)('changes no bit of %s', (dtype) => {
  const numbers = [0, -0, 1, -1.5, 1e-40, -3e38, 3e-39, Infinity, -Infinity, NaN, 1 / 3, 7e-8];
  const a = tensor(numbers, {dtype});
  const b = tensor(numbers.toReversed(), {dtype});
  const fn = (s: Tensor, t: Tensor) => [
    s.add(t.neg()),
    s.neg().add(t),
    s.sub(t.neg()),
    s.neg().mul(t.neg()),
    s.neg().mul(3),
    s.neg().div(-4),
    ops.divide(2, s.neg()),
    s.div(2 ** -126),
    s.div(2 ** 126),
    s.div(-16),
    s.neg().abs().add(s.neg().square()),
    s.pow(2),
  ];
  const got = jit(fn, {passes: only('algebra', 'deadCode')})(a, b);
  expect(got.map((t) => [...t.data()])).toEqual(fn(a, b).map((t) => [...t.data()]));
});
