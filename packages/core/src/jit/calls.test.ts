import {memoryStats} from '@keratin/native';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {GradientTape, jit, ops, tensor, type Tensor, Variable} from '../index.js';
import {updateVariables} from '../internal.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('programs of a jitted function', () => {
  const x = tensor([1, 2]);
  const y = tensor([3, 4]);
  const named = (): number => 1;
  // Arguments that are easily taken for each other.
  const ARGUMENTS: readonly unknown[] = [
    1, '1', true, 1n, 0, -0, NaN, null, undefined, '', [], {}, [1], ['1'], [[1]], {0: 1}, {a: 1}, {b: 1}, {a: 1, b: undefined},
    {a: undefined, b: 1}, {a: [x]}, {a: x}, [x], [[x]], [x, [y]], [[x], y], [x, y], x, ops.cast(x, 'float64'), ops.cast(x, 'int32'),
    x.reshape([2, 1]), x.reshape([1, 2]), new Variable(x), new Variable(x), named, () => 1, Symbol.iterator, 'float32[2]', [null, x], [x, null],
  ]; // prettier-ignore

  it('are told apart by every argument, and found again', () => {
    // It says that there are many programs.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    let traced = 0;
    const f = jit((_argument: unknown, t: Tensor) => {
      traced += 1;
      return t.add(traced);
    });
    const results = ARGUMENTS.map((argument) => f(argument, x).array());
    expect(traced).toBe(ARGUMENTS.length);
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(ARGUMENTS.length);
    // Each finds its own, also where containers are made anew.
    const again = ARGUMENTS.map((argument) => f(copied(argument), x).array());
    expect(again).toEqual(results);
    expect(traced).toBe(ARGUMENTS.length);
  });

  it('are found whatever the order of keys', () => {
    let traced = 0;
    const f = jit(({a, b}: {a: Tensor; b: Tensor}) => {
      traced += 1;
      return a.sub(b);
    });
    expect(f({a: x, b: y}).array()).toEqual([-2, -2]);
    expect(f({b: y, a: x}).array()).toEqual([-2, -2]);
    expect(f({b: x, a: y}).array()).toEqual([2, 2]);
    expect(traced).toBe(1);
  });
});

const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
};

it('a compiled step takes no more memory after the first ones', () => {
  const weights = new Variable(ops.ones([4, 3]));
  const step = jit((inputs: Tensor) => {
    const tape = new GradientTape();
    const loss = tape.record(() => inputs.matmul(weights).tanh().square().mean());
    updateVariables('sgd_update', [tape.gradient(loss, weights)], [0.1, 0, 0, 0, 0], [weights]);
    return loss;
  });
  const inputs = ops.ones([5, 4]);
  const memory = () => {
    const {numBuffers, numBytes, poolBytes, numPrograms} = memoryStats();
    return {numBuffers, numBytes, poolBytes, numPrograms};
  };
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) step(inputs).dispose();
  };
  steps(100);
  const before = memory();
  const {source} = weights;
  steps(2000);
  expect(memory()).toEqual(before);
  // The weights are updated where they are.
  expect(weights.source).toBe(source);
});
