import {describe, expect, it} from 'vitest';
import {GradientTape, ops, tensor, type Tensor} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

describe('parts of a tensor', () => {
  checkLeaks();
  const x = tensor([1, 2, 3, 4, 5, 6], {shape: [3, 2]});

  const gradientOf = (fn: (x: Tensor) => Tensor) => {
    const tape = new GradientTape();
    tape.watch(x);
    return tape
      .gradient(
        tape.record(() => fn(x)),
        [x],
      )[0]
      .array(2);
  };

  it('have one gradient, zero where a part is not used', () => {
    const used = gradientOf((y) => {
      const [first, , third] = ops.unstack(y);
      return ops.sum(first?.mul(3) ?? 0).add(ops.sum(third?.square() ?? 0));
    });
    expect(used).toEqual([
      [3, 3],
      [0, 0],
      [10, 12],
    ]);
    expect(gradientOf((y) => ops.sum(ops.split(y, [1], 0)[1]?.mul(2) ?? 0))).toEqual([
      [0, 0],
      [2, 2],
      [2, 2],
    ]);
  });

  it('are differentiated twice', () => {
    const outer = new GradientTape();
    outer.watch(x);
    const inner = new GradientTape();
    inner.watch(x);
    const first = outer.record(() => {
      const y = inner.record(() => ops.sum(ops.split(x, 2, 1)[0]?.pow(3) ?? 0));
      return inner.gradient(y, [x])[0].sum();
    });
    expect(outer.gradient(first, [x])[0].array(2)).toEqual([
      [6, 0],
      [18, 0],
      [30, 0],
    ]);
  });

  it('that overlap each have their own gradient', () => {
    expect(gradientOf((y) => ops.addN(ops.split(y, [2, 1], 0).map((part) => ops.sum(part))))).toEqual([
      [1, 1],
      [2, 2],
      [1, 1],
    ]);
  });
});
