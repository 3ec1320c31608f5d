import {describe, expect, it} from 'vitest';
import {customGradient, GradientTape, ops, stopGradient, tensor, type Tensor, Variable} from '../index.js';

describe('stopGradient', () => {
  it('keeps the value and ends the gradient', () => {
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
});

describe('customGradient', () => {
  const log1pexp = customGradient((x: Tensor) => {
    const e = x.exp();
    return [e.add(1).log(), (dy: Tensor) => dy.mul(e.add(1).reciprocal().neg().add(1))];
  });

  it('uses the gradient that was given', () => {
    const x = new Variable([0, 100]);
    const tape = new GradientTape();
    const y = tape.record(() => log1pexp(x));
    expect(tape.gradient(y, x).array()).toEqual([0.5, 1]);
    const plain = new GradientTape();
    const z = plain.record(() => x.exp().add(1).log());
    expect(plain.gradient(z, x).array()).toEqual([0.5, NaN]);
  });

  it('can be differentiated again', () => {
    const x = new Variable(tensor([0.5, -1], 'float64'));
    const outer = new GradientTape();
    const first = outer.record(() => {
      const inner = new GradientTape();
      const y = inner.record(() => log1pexp(x));
      return inner.gradient(y, x);
    });
    const s = [0.5, -1].map((v) => 1 / (1 + Math.exp(-v)));
    outer
      .gradient(first, x)
      .array(1)
      .forEach((value, i) => expect(value).toBeCloseTo((s[i] ?? 0) * (1 - (s[i] ?? 0)), 12));
  });

  it('takes several tensors beside other arguments', () => {
    const scaled = customGradient((a: Tensor, factor: number, b: Tensor) => [
      a.mul(b).mul(factor),
      (dy: Tensor) => [dy.mul(10), dy.mul(20)],
    ]);
    const [a, b] = [new Variable([1, 2]), new Variable([3, 4])];
    const tape = new GradientTape();
    const y = tape.record(() => scaled(a, 2, b));
    expect(y.array()).toEqual([6, 16]);
    expect(tape.gradient(y, [a, b]).map((g) => g.array())).toEqual([
      [10, 10],
      [20, 20],
    ]);
  });

  it('reaches only arguments, and says so', () => {
    const w = new Variable(2);
    const f = customGradient((x: Tensor) => [x.mul(w), (dy: Tensor) => dy]);
    const tape = new GradientTape();
    const y = tape.record(() => f(new Variable(3)));
    expect(() => tape.gradient(y, w)).toThrow('does not depend on variable variable');
  });

  it('leaves a Variable that it returns alone', () => {
    const v = new Variable([1, 2]);
    const f = customGradient((x: Tensor) => [x, (dy: Tensor) => dy]);
    const y = f(v);
    v.assign([3, 4]);
    expect(y.array()).toEqual([1, 2]);
  });

  it.each<[string, (x: Tensor) => unknown, string]>([
    ['no pair', (x) => x, 'must return [output, gradient]'],
    ['a shape', (x) => [x.mul(1), () => tensor([1, 2, 3])], 'must be float32 of shape (2,), got float32 of shape (3,)'],
    ['a count', (x) => [x.mul(1), (dy: Tensor) => [dy, dy]], '1 tensor arguments need as many gradients, got 2'],
  ])('refuses %s', (_, fn, message) => {
    const x = new Variable([1, 2]);
    const tape = new GradientTape();
    expect(() => {
      const y = tape.record(() => customGradient(fn as (x: Tensor) => [Tensor, () => Tensor])(x));
      tape.gradient(y, x);
    }).toThrow(message);
  });
});
