import {expect, test} from 'vitest';
import '../index.js';
import {GradientTape} from '../engine/tape.js';
import {where} from '../ops/elementwise.js';
import {tensor} from '../tensor/convert.js';

test('the gradient of a branch that was not chosen is 0, also where it would be NaN', () => {
  const x = tensor([4, 0]);
  const tape = new GradientTape();
  tape.watch(x);
  // d sqrt(x)/dx is infinite at 0; infinity * 0 would be NaN.
  const y = tape.record(() =>
    where(x.greater(0), x, 0)
      .sqrt()
      .mul(where(x.greater(0), 1, Number.NaN)),
  );
  expect(tape.gradient(y, x).array()).toEqual([0.25, 0]);
});
