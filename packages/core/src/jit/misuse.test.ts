import {expect, it} from 'vitest';
import {cond, jit, ops, scan, tensor, type Tensor, Variable, whileLoop} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

// What a compiled function may not do, also within its loops and branches and in other compiled functions.

checkLeaks();

const x = tensor([1, 2]);
const LEAKED =
  'add: this tensor was made inside of a jitted function and leaked out of it; return it from the function instead';

it.each<readonly [string, (keep: (y: Tensor) => Tensor) => Tensor]>([
  ['a function', (keep) => jit((a: Tensor) => keep(a.mul(2)).add(1))(x)],
  ['a loop', (keep) => jit((a: Tensor) => whileLoop((z) => z.sum().less(9), (z) => keep(z.mul(2)), a))(x)], // prettier-ignore
  ['a branch', (keep) => jit((a: Tensor) => cond(a.sum().greater(0), () => keep(a.mul(3)), () => a))(x)], // prettier-ignore
  ['a scan', (keep) => jit((a: Tensor) => scan((c: Tensor, r: Tensor): [Tensor, Tensor] => [c.add(r), keep(r.mul(2))], tensor(0), a)[1])(x)], // prettier-ignore
])('a tensor that leaks out of %s says so', (_, call) => {
  let kept = ops.zeros([2]);
  call((y) => (kept = y));
  expect(() => kept.add(1)).toThrow(LEAKED);
  expect(() => jit((a: Tensor) => a.add(kept))(x)).toThrow(LEAKED);
});

it('a tensor that leaks out of a loop into the rest of the function says so', () => {
  const f = jit((a: Tensor) => {
    let kept = a;
    const y = whileLoop((z) => z.sum().less(9), (z) => (kept = z.mul(2)), a); // prettier-ignore
    return y.add(kept);
  });
  expect(() => f(x)).toThrow(LEAKED);
});

it('Variables made at every call are reported, also from within another compiled function', () => {
  const message = 'jit: the function makes 1 new Variables at every call; make them once, outside of it';
  const inner = jit((a: Tensor) => new Variable([1, 2]).add(a));
  expect(() => inner(x)).toThrow(message);
  expect(() => jit((a: Tensor) => inner(a).mul(2))(x)).toThrow(message);
});

it('errors within loops name the loop', () => {
  const f = jit((a: Tensor) => ops.foriLoop(0, 5, (i, z: Tensor) => z.add(ops.take(a, i)), a));
  expect(() => f(x)).toThrow(/^foriLoop: index 2 is out of range for an axis of size 2$/);
  // And leave nothing behind.
  expect(() => f(x)).toThrow(/^foriLoop: /);
  expect(f(tensor([1, 2, 3, 4, 5])).array()).toEqual([16, 17, 18, 19, 20]);
});

it('side effects happen while compiling, once', () => {
  let count = 0;
  const f = jit((a: Tensor) =>
    ops.foriLoop(
      0,
      10,
      (_, z: Tensor) => {
        count += 1;
        return z.mul(2);
      },
      a,
    ),
  );
  for (let i = 0; i < 3; i++) f(x);
  expect(count).toBe(1);
});
