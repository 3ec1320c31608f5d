import {ops, tensor, Variable} from '../index.js';
import {customGradient, GradientTape} from '../index.js';
import {expect, test} from 'vitest';
import {type Storage} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';

const handle = (v: Variable) => (v.source as Storage).handle;

test('a step of training writes into the same memory again', () => {
  const w1 = new Variable(ops.ones([3, 4]).mul(0.1));
  const w2 = new Variable(ops.ones([4, 2]).mul(0.1));
  const x = tensor([[1, 2, 3]]);
  const handles = [handle(w1), handle(w2)];
  for (let step = 0; step < 3; step++) {
    const tape = new GradientTape();
    const loss = tape.record(() => x.matmul(w1).matmul(w2).square().sum());
    const [d1, d2] = tape.gradient(loss, [w1, w2]);
    w1.assignSub(d1.mul(0.01));
    w2.assignSub(d2.mul(0.01));
    expect([handle(w1), handle(w2)]).toEqual(handles);
  }
});

test('a gradient that is a view of a Variable keeps its values', () => {
  const w = new Variable([
    [1, 2],
    [3, 4],
  ]);
  const x = new Variable([
    [1, 0],
    [0, 1],
  ]);
  const tape = new GradientTape();
  const y = tape.record(() => x.mul(w.transpose()).sum());
  const [dx] = tape.gradient(y, [x]);
  const before = dx.array();
  w.assign(ops.zeros([2, 2]));
  expect(dx.array()).toEqual(before);
  expect(before).toEqual([
    [1, 3],
    [2, 4],
  ]);
});

test('what a custom gradient keeps stays alive', () => {
  const kept: Tensor[] = [];
  const f = customGradient((x: Tensor) => [
    x.square(),
    (dy: Tensor) => {
      const dx = dy.mul(2).mul(x);
      kept.push(dy, dx);
      return dx;
    },
  ]);
  const x = new Variable([1, 2]);
  const tape = new GradientTape();
  const y = tape.record(() => f(x).mul(3).sum());
  expect(tape.gradient(y, x).array()).toEqual([6, 12]);
  expect(kept.map((t) => t.array())).toEqual([
    [3, 3],
    [6, 12],
  ]);
});
