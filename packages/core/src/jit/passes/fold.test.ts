import {expect, it} from 'vitest';
import {ops, type Tensor, Variable} from '../../index.js';
import {programText} from '../../testing/programs.js';

it('computes what depends on numbers alone', () => {
  const v = new Variable([1, 2], {name: 'v'});
  const fn = (t: Tensor) => {
    v.assign(ops.full([2], 3));
    return t.mul(v.square().add(1).reshape([2, 1]));
  };
  expect(programText(fn, [ops.ones([2])])).toMatchInlineSnapshot(`
    "program(%0: float32[2]) {
      %1: float32[2] = variable v
      %2: float32[2] = square(full(3, [2]))
      %3: float32[2] = add(%2, 1)
      %4: float32[2,1] = reshape(%3, shape: [2,1])
      %5: float32[2,2] = multiply(%0, %4)
      variable v = full(3, [2])
      return %5
    }"
  `);
  expect(programText(fn, [ops.ones([2])], 'fold')).toMatchInlineSnapshot(`
    "program(%0: float32[2]) {
      %1: float32[2] = variable v
      %2: float32[2,2] = multiply(%0, full(10, [2,1]))
      variable v = full(3, [2])
      return %2
    }"
  `);
});
