import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, tensor, type Tensor, Variable} from '../index.js';
import {registeredPrimitives} from '../engine/primitive.js';
import '../primitives/normalization.js';
import {checkLeaks} from '../testing/leaks.js';
import {uniform} from '../testing/values.js';
import {BATCHED} from './batching-rules.js';

// Functions of entries, at once and one after the other: the same values and gradients.

checkLeaks();

const w = uniform([4, 2], -1, 1);
const v = uniform([3], -1, 1);
const image = uniform([3, 3, 1, 2], -1, 1);
const indices = tensor([2, 0, 0], 'int32');

// An entry of x is (3, 4).
const AT_ONCE: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'elementwise functions': (x) => x.exp().add(1).log().mul(2).relu(),
  'broadcasting within entries': (x) => x.add(x.at(0)).mul(x.sum({axis: 1, keepdims: true})),
  'broadcasting of what is outside': (x) => x.mul(v.reshape([3, 1])).add(uniformRow),
  'an entry of fewer axes': (x) => x.sum().mul(x).add(x.at(1).at(2)),
  comparisons: (x) => ops.where(x.greater(0), x, x.neg().mul(3)),
  reshape: (x) => x.reshape([2, 6]).mul(2).reshape([-1]),
  transpose: (x) => x.transpose().matmul(x),
  slices: (x) => x.at(':', 1).add(x.at(':', -1)),
  'slices with steps': (x) => ops.flip(x, 1),
  pad: (x) => ops.pad(x, [[1, 0], [0, 2]], {constantValues: 3}), // prettier-ignore
  concatenate: (x) => ops.concatenate([x, x.mul(2), ops.ones([1, 4], 'float64')], 0),
  stack: (x) => ops.stack([x, x.neg()], 1),
  'broadcast to': (x) => ops.broadcastTo(x.at(0), [2, 4]),
  'matrix times what is outside': (x) => x.matmul(w),
  'what is outside times matrix': (x) => w.transpose().matmul(x.transpose()),
  'products of vectors': (x) => ops.dot(x.at(0), x.at(1)),
  einsum: (x) => ops.einsum('ij,jk->ki', x, w),
  sums: (x) => x.sum(0).add(x.mean()),
  extremes: (x) => x.max(1).sub(x.min(1)).add(x.prod(1)),
  'positions of extremes': (x) => x.argmax(1).cast('float64').mul(x.sum(1)),
  'all and any': (x) => ops.all(x.greater(-2), {axis: 1}).cast('float64').add(ops.any(x.greater(0), {axis: 0}).cast('float64').sum()).mul(x.sum()), // prettier-ignore
  'running sums': (x) => ops.cumsum(x, 0).add(ops.cumprod(x, 1)),
  softmax: (x) => ops.softmax(x).mul(ops.logSoftmax(x)),
  'softmax over the first axis': (x) => ops.softmax(x, 0),
  'log of sums of exp': (x) => ops.logsumexp(x, {axis: 1}),
  norm: (x) => ops.norm(x).add(ops.norm(x, {axis: 1})),
  gather: (x) => ops.take(x, indices, 0).add(ops.take(x, tensor([1], 'int32'), 1)),
  'gather by what an entry says': (x) => ops.take(v, x.argmax(0).mod(3), 0).mul(x.sum()),
  'gather of an entry by what it says': (x) =>
    ops.take(x, x.argmax(1).mod(3), 0).add(ops.take(x, x.argmax(0).neg().mod(3), 1).sum()),
  'along an axis': (x) => ops.takeAlongAxis(x, x.argmin(0).reshape([1, 4]), 0),
  'one hot': (x) => ops.oneHot(x.argmax(1), 4, {dtype: 'float64'}).mul(x),
  sort: (x) => ops.sort(x, 1),
  inverse: (x) => ops.inv(x.matmul(x.transpose()).add(ops.eye(3).cast('float64'))),
  determinant: (x) => ops.det(x.matmul(x.transpose()).add(ops.eye(3).cast('float64'))),
  solve: (x) => ops.solve(x.matmul(x.transpose()).add(ops.eye(3).cast('float64')), x),
  convolution: (x) => ops.conv(x.reshape([1, 3, 4, 1]), image, {padding: 'same'}),
  pooling: (x) => ops.maxPool(x.reshape([1, 3, 4, 1]), 2),
  'results that are the same for all': () => v.mul(2),
};
const uniformRow = uniform([4], -1, 1);

// What has no rule runs entry by entry.
const ONE_BY_ONE: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'values that are read': (x) => (x.sum().greater(0).item() ? x : x.neg()),
  loops: (x) => ops.foriLoop(0, 3, (_, y: Tensor) => y.mul(x), x),
  'gradients of their own': (x) => double(x).sum(),
};
const double = ops.customGradient((x: Tensor) => [x.mul(2), (dy: Tensor) => dy.mul(7)]);

const withGradient = (map: (x: Tensor) => Tensor) => (x: Tensor) => {
  const tape = new GradientTape();
  tape.watch(x);
  const y = tape.record(() => map(x));
  const weights = ops.cos(ops.arange(y.size, undefined, 1, 'float64')).reshape(y.shape as number[]);
  return [
    y,
    tape.gradient(
      tape.record(() => y.mul(weights).sum()),
      x,
      {unconnectedGradients: 'zero'},
    ),
  ] as const;
};

const close = (a: Tensor, b: Tensor): void => {
  expect([a.shape, a.dtype]).toEqual([b.shape, b.dtype]);
  expect(ops.isclose(a, b, {rtol: 1e-9, atol: 1e-9}).all().item()).toBe(true);
};

describe('vectorizedMap', () => {
  const x = uniform([5, 3, 4], -1, 1);

  it.each(Object.keys(AT_ONCE))('at once: %s', (name) => {
    let calls = 0;
    const fn = (y: Tensor): Tensor => {
      calls += 1;
      return AT_ONCE[name]?.(y) ?? y;
    };
    const [expected, slope] = withGradient((all) => ops.map(fn, all))(x);
    calls = 0;
    const step = withGradient((all) => ops.vectorizedMap(fn, all));
    const [y, dx] = step(x);
    expect(calls).toBe(1);
    close(y, expected);
    close(dx, slope);
    const compiled = jit(step);
    close(compiled(x)[0], expected);
    close(compiled(x)[1], slope);
    expect(compiled.ir(x)).not.toContain('scan(');
  });

  it.each(Object.keys(ONE_BY_ONE))('one by one: %s', (name) => {
    const fn = ONE_BY_ONE[name] ?? ((y: Tensor) => y);
    const [expected, slope] = withGradient((all) => ops.map(fn, all))(x);
    for (const run of [
      withGradient((all) => ops.vectorizedMap(fn, all)),
      jit(withGradient((all) => ops.vectorizedMap(fn, all))),
    ]) {
      const [y, dx] = run(x);
      close(y, expected);
      close(dx, slope);
    }
  });

  it('takes and gives structures, reads Variables and leaves them as they are', () => {
    const scale = new Variable(uniform([4], 1, 2));
    const f = ({a, b}: {a: Tensor; b: Tensor}) =>
      [a.mul(scale), {sum: b.sum().add(a.sum())}] as [Tensor, {sum: Tensor}];
    const given = {a: x, b: x.at(':', 0)};
    const [one, {sum}] = ops.vectorizedMap(f, given);
    const [other, {sum: total}] = ops.map(f, given);
    close(one, other);
    close(sum, total);
    expect(scale.assignAdd(1).shape).toEqual([4]);
    // A Variable that is written is written for each entry.
    const count = new Variable(0);
    ops.vectorizedMap((row: Tensor) => (count.assignAdd(1), row.mul(2)), x);
    expect(count.item()).toBe(5);
  });

  it('refuses what lies outside of an entry', () => {
    const pick = (row: Tensor) => ops.take(row.at(0), row.sum().mul(0).add(4).cast('int32'), 0);
    expect(() => ops.vectorizedMap(pick, x)).toThrow(/4/);
  });

  it('has rules of operations that exist', () => {
    expect(BATCHED.filter((name) => !registeredPrimitives().has(name))).toEqual([]);
  });
});
