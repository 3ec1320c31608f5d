import {expect, it} from 'vitest';
import {ops, random, type Tensor} from '../../index.js';
import {programText} from '../../testing/programs.js';

it('computes once what is computed twice', () => {
  const fn = (t: Tensor) => t.exp().sum(0).add(t.exp().sum(0)).mul(t.exp().sum(1).max());
  expect(programText(fn, [ops.ones([2, 3])], 'share')).toMatchInlineSnapshot(`
    "program(%0: float32[2,3]) {
      %1: float32[2,3] = exp(%0)
      %2: float32[1,3] = sum(%1, axes: [0])
      %3: float32[3] = reshape(%2, shape: [3])
      %4: float32[3] = add(%3, %3)
      %5: float32[2,1] = sum(%1, axes: [1])
      %6: float32[2] = reshape(%5, shape: [2])
      %7: float32[1] = max(%6, axes: [0])
      %8: float32[] = reshape(%7, shape: [])
      %9: float32[3] = multiply(%4, %8)
      return %9
    }"
  `);
});

it('draws random numbers as often as the function does', () => {
  const fn = (t: Tensor) =>
    random
      .normal([2])
      .add(random.normal([2]))
      .mul(t);
  expect(programText(fn, [ops.ones([2])], 'share')).toMatchInlineSnapshot(`
    "program(%0: float32[2]) {
      %1: float32[2] = random_normal(shape: [2], dtype: float32, mean: 0, stddev: 1, draw 0)
      %2: float32[2] = random_normal(shape: [2], dtype: float32, mean: 0, stddev: 1, draw 1)
      %3: float32[2] = add(%1, %2)
      %4: float32[2] = multiply(%3, %0)
      return %4
    }"
  `);
});
