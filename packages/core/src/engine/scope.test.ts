import {collectGarbage, memoryStats} from '@keratin/native';
import {describe, expect, it} from 'vitest';
import {GradientTape, ops, range, scope, tensor, Variable} from '../index.js';
import {withLogits} from '../internal.js';
import {isOutsideScopes} from '../tensor/storage.js';

const live = () => memoryStats().numBuffers;

describe('scope', () => {
  it('releases what was made inside, at once', () => {
    collectGarbage();
    const before = live();
    const y = scope(() => {
      let x = range(1000).cast('float32');
      for (let i = 0; i < 10; i++) x = x.add(1).mul(2);
      return x.sum();
    });
    expect(live()).toBe(before + 1);
    expect(y.item()).toBeGreaterThan(0);
    expect(isOutsideScopes()).toBe(true);
  });

  it('keeps tensors in nested results, with what travels along', () => {
    const logits = {tensor: tensor([0])};
    const result = scope(() => {
      const a = tensor([1, 2]).add(1);
      const b = a.reshape([2, 1]);
      logits.tensor = a.mul(3);
      return {
        list: [a.mul(2), {deep: a.neg()}],
        map: new Map([['b', b]]),
        set: new Set([a.square()]),
        probabilities: withLogits(a.sigmoid(), logits.tensor, 'sigmoid'),
      };
    });
    const [first, second] = result.list as [typeof result.probabilities, {deep: typeof result.probabilities}];
    expect(first.array()).toEqual([4, 6]);
    expect(second.deep.array()).toEqual([-2, -3]);
    expect(result.map.get('b')?.array()).toEqual([[2], [3]]);
    expect([...result.set][0]?.array()).toEqual([4, 9]);
    expect(logits.tensor.array()).toEqual([6, 9]);
  });

  it('releases everything where the function throws', () => {
    collectGarbage();
    const before = live();
    expect(() =>
      scope(() => {
        ops.zeros([10]).add(1);
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(live()).toBe(before);
    expect(isOutsideScopes()).toBe(true);
  });

  it('nests: an outer scope releases what an inner one gave', () => {
    collectGarbage();
    const before = live();
    let escaped = tensor([0]);
    const kept = scope(() => {
      const inner = scope(() => tensor([1, 2]).add(1));
      escaped = inner;
      return inner.mul(2);
    });
    expect(live()).toBe(before + 1 + 1);
    expect(kept.array()).toEqual([4, 6]);
    expect(() => escaped.array()).toThrow('disposed');
  });

  it('never takes the memory of Variables', () => {
    const old = new Variable([1, 2]);
    const reader = old.readValue();
    const made = scope(() => {
      old.assignAdd([1, 1]);
      old.at(0).assign(7);
      return {variable: new Variable([5])};
    });
    expect(old.array()).toEqual([7, 3]);
    expect(reader.array()).toEqual([1, 2]);
    expect(made.variable.array()).toEqual([5]);
  });

  it('leaves constants that get their memory inside', () => {
    const zeros = ops.zeros([3]);
    scope(() => zeros.reshape([3, 1]).array());
    expect(zeros.array()).toEqual([0, 0, 0]);
  });

  it('holds a whole step of training', () => {
    const w = new Variable(ops.ones([4, 2]));
    const x = range(12).reshape([3, 4]).cast('float32');
    collectGarbage();
    const before = live();
    for (let i = 0; i < 5; i++) {
      scope(() => {
        const tape = new GradientTape();
        const loss = tape.record(() => x.matmul(w).square().mean());
        w.assignSub(tape.gradient(loss, w).mul(0.001));
      });
      expect(live()).toBeLessThanOrEqual(before + 1);
    }
    expect(w.sum().item()).toBeLessThan(8);
  });

  it('refuses Promises', () => {
    // @ts-expect-error a Promise does not compile either
    expect(() => scope(() => Promise.resolve(tensor(1)))).toThrow('it returned a Promise');
  });
});
