import {expect, test} from 'vitest';
import {GradientTape, ops, stopGradient, tensor, Variable} from '../index.js';

test('stopGradient keeps the value and ends the gradient', () => {
  const v = new Variable([1, 2]);
  const tape = new GradientTape();
  const y = tape.record(() => v.mul(stopGradient(v)).sum());
  const [g] = tape.gradient(y, [v]);
  expect(g.array(1)).toEqual([1, 2]);
  const before = ops.stopGradient(v);
  v.assign([5, 5]);
  expect(before.array(1)).toEqual([1, 2]);
  expect(stopGradient(tensor([[3]])).array(2)).toEqual([[3]]);
});
