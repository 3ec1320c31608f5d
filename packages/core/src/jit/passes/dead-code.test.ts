import {expect, it} from 'vitest';
import {ops, tensor, type Tensor, Variable} from '../../index.js';
import {programText} from '../../testing/programs.js';

it('leaves out what nobody needs', () => {
  const v = new Variable([1, 2], {name: 'v'});
  const unread = new Variable([1, 2], {name: 'unread'});
  const fn = (t: Tensor) => {
    t.add(unread)
      .add(tensor([5, 6]))
      .exp();
    v.assign(t.mul(2));
    v.assign(v.add(1));
    return t.sum();
  };
  expect(programText(fn, [ops.ones([2])])).toMatchInlineSnapshot(`
    "program(%0: float32[2]) {
      %1: float32[2] = variable unread
      %2: float32[2] = variable v
      %3: float32[2] = constant
      %4: float32[2] = add(%0, %1)
      %5: float32[2] = add(%4, %3)
      %6: float32[2] = exp(%5)
      %7: float32[2] = multiply(%0, 2)
      %8: float32[2] = add(%7, 1)
      %9: float32[1] = sum(%0, axes: [0])
      %10: float32[] = reshape(%9, shape: [])
      variable v = %8
      return %10
    }"
  `);
  expect(programText(fn, [ops.ones([2])], 'deadCode')).toMatchInlineSnapshot(`
    "program(%0: float32[2]) {
      %1: float32[2] = variable v
      %2: float32[2] = multiply(%0, 2)
      %3: float32[2] = add(%2, 1)
      %4: float32[1] = sum(%0, axes: [0])
      %5: float32[] = reshape(%4, shape: [])
      variable v = %3
      return %5
    }"
  `);
});
