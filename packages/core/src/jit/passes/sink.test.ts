import {expect, it} from 'vitest';
import {jit, ops, random, type Tensor} from '../../index.js';
import {programText} from '../../testing/programs.js';

it('moves reshapes behind elementwise functions', () => {
  const fn = (x: Tensor, w: Tensor, b: Tensor) =>
    ops
      .relu(x.reshape([1, 6, 4]).matmul(w).reshape([2, 3, 2, 4]).add(b))
      .mul(2)
      .reshape([6, 8]);
  const args = [ops.ones([2, 3, 4]), ops.ones([1, 4, 8]), ops.ones([2, 4])] as const;
  expect(programText(fn, [...args], 'sink', 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3,4], %1: float32[1,4,8], %2: float32[2,4]) {
      %3: float32[1,6,4] = reshape(%0, shape: [1,6,4])
      %4: float32[1,6,8] = matmul(%3, %1)
      %5: float32[8] = reshape(%2, shape: [8])
      %6: float32[1,6,8] = add(%4, %5)
      %7: float32[1,6,8] = relu(%6)
      %8: float32[1,6,8] = multiply(%7, 2)
      %9: float32[6,8] = reshape(%8, shape: [6,8])
      return %9
    }"
  `);
  expect(programText(fn, [...args], 'sink', 'deadCode', 'epilogue')).toContain('dense');
});

it('moves reshapes behind reductions of the same rows', () => {
  const fn = (x: Tensor) => {
    const y = x.reshape([6, 4]).exp().reshape([2, 3, 4]);
    return [y.mean(-1), y.sum(), y.max([1, 2]), y.sum(1)];
  };
  expect(programText(fn, [ops.ones([2, 12])], 'sink', 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2,12]) {
      %1: float32[2,12] = exp(%0)
      %2: float32[2,3,4] = reshape(%1, shape: [2,3,4])
      %3: float32[2,3,1] = mean(%2, axes: [2])
      %4: float32[2,3] = reshape(%3, shape: [2,3])
      %5: float32[1,1] = sum(%1, axes: [0,1])
      %6: float32[] = reshape(%5, shape: [])
      %7: float32[2,1] = max(%1, axes: [1])
      %8: float32[2] = reshape(%7, shape: [2])
      %9: float32[2,1,4] = sum(%2, axes: [1])
      %10: float32[2,4] = reshape(%9, shape: [2,4])
      return %4, %6, %8, %10
    }"
  `);
  const x = random.normal([2, 12]);
  expect(jit(fn)(x).map((t) => t.array())).toEqual(fn(x).map((t) => t.array()));
});

it('leaves those where elements would move, or repeat along trailing axes', () => {
  const fn = (x: Tensor, turned: Tensor, column: Tensor) => [
    x.reshape([4, 6]).add(turned.transpose()),
    x.reshape([4, 6]).add(column),
  ];
  const args = [ops.ones([2, 3, 4]), ops.ones([6, 4]), ops.ones([4, 1])] as const;
  expect(programText(fn, [...args], 'sink')).toBe(programText(fn, [...args]));
});

it('changes no bit', () => {
  const fn = (x: Tensor, b: Tensor) => {
    const y = x.reshape([3, 4, 5]).exp();
    const z = y
      .reshape([12, 5])
      .mul(b)
      .sub(y.reshape([12, 5]));
    return [
      z.reshape([60]).tanh().reshape([5, 12]),
      y.reshape([60]).add(x.reshape([60])),
      ops.where(z.greater(0), z, 0),
    ];
  };
  const args = [random.normal([4, 15]), random.normal([5])] as const;
  expect(jit(fn)(...args).map((t) => t.array())).toEqual(fn(...args).map((t) => t.array()));
});
