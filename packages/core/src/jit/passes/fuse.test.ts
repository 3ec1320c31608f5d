import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, random, type Tensor, Variable} from '../../index.js';
import {only, programText} from '../../testing/programs.js';

const x = ops.ones([2, 3]);

describe('chains', () => {
  it('hold elementwise functions that read each other', () => {
    const fn = (t: Tensor, b: Tensor) => ops.where(t.mul(2).add(b).tanh().greater(0), t, b.neg());
    expect(programText(fn, [x, ops.ones([3])], 'fuse')).toMatchInlineSnapshot(`
      "program(%0: float32[2,3], %1: float32[3]) {
        %2: float32[3] = negative(%1)
        %3: float32[2,3] = chain(select(greater(tanh(add(multiply(%0, 2), %1)), 0), %0, %2))
        return %3
      }"
    `);
  });

  it('end where something else needs a value, and give several', () => {
    const fn = (t: Tensor) => {
      const e = t.sub(t.max({axis: -1, keepdims: true})).exp();
      return e.div(e.sum({axis: -1, keepdims: true})).mul(2);
    };
    expect(programText(fn, [x], 'fuse')).toMatchInlineSnapshot(`
      "program(%0: float32[2,3]) {
        %1: float32[2,1] = max(%0, axes: [1])
        %2: float32[2,3] = chain(exp(subtract(%0, %1)))
        %3: float32[2,1] = sum(%2, axes: [1])
        %4: float32[2,3] = chain(multiply(divide(%2, %3), 2))
        return %4
      }"
    `);
  });

  it('join where a function reads two of them', () => {
    const fn = (t: Tensor) => t.exp().mul(2).add(t.neg().tanh()).sqrt();
    expect(programText(fn, [x], 'fuse')).toMatchInlineSnapshot(`
      "program(%0: float32[2,3]) {
        %1: float32[2,3] = chain(sqrt(add(multiply(exp(%0), 2), tanh(negative(%0)))))
        return %1
      }"
    `);
  });

  it('join at the end where they read the same operand', () => {
    const [v, m] = [new Variable(ops.zeros([2, 3]), {name: 'v'}), new Variable(ops.zeros([2, 3]), {name: 'm'})];
    const fn = (g: Tensor) => {
      v.assignSub(m.mul(0.9).add(g.mul(0.1)).sign());
      m.assign(m.mul(0.99).add(g.mul(0.01)));
    };
    expect(programText(fn, [x], 'fuse')).toMatchInlineSnapshot(`
      "program(%0: float32[2,3]) {
        %1: float32[2,3] = variable m
        %2: float32[2,3] = variable v
        %3: float32[2,3], %4: float32[2,3] = chain(subtract(%2, sign(add(multiply(%1, 0.9), multiply(%0, 0.1)))); add(multiply(%1, 0.99), multiply(%0, 0.01)))
        variable m = %4
        variable v = %3
        return
      }"
    `);
  });

  it('show once what they compute once', () => {
    const fn = (t: Tensor) => {
      const e = t.exp();
      const doubled = Array.from({length: 20}).reduce<Tensor>((y) => y.add(y), e.mul(e));
      return [e, doubled];
    };
    const text = programText(fn, [x], 'fuse');
    expect(text).toContain('chain($0 = exp(%0); $1 = multiply($0, $0); $2 = add($1, $1); ');
    expect(text.length).toBeLessThan(1000);
  });

  it('are cut where they grow too long', () => {
    const fn = (t: Tensor) => Array.from({length: 100}).reduce<Tensor>((y) => y.mul(1.01).add(0.1), t);
    const program = programText(fn, [x], 'fuse');
    expect(program.match(/chain\(/g)?.length).toBe(Math.ceil(200 / 24));
    expect(jit(fn, {passes: only('fuse')})(x).array()).toEqual(fn(x).array());
  });

  it('take many inputs and give many results', () => {
    const many = Array.from({length: 40}, () => random.normal([5]));
    const fn = (...all: readonly Tensor[]) => {
      const sums: Tensor[] = [];
      all.reduce((sum, each) => (sums[sums.length] = sum.add(each)));
      return sums;
    };
    expect(jit(fn)(...many).map((t) => t.array())).toEqual(fn(...many).map((t) => t.array()));
  });

  it('update Variables in place', () => {
    const v = new Variable(ops.zeros([2, 3]), {name: 'v'});
    const fn = (t: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => v.sub(t).square().sum());
      v.assignSub(tape.gradient(loss, v).mul(0.1));
    };
    expect(programText(fn, [x], 'simplify', 'deadCode', 'fuse')).toMatchInlineSnapshot(`
      "program(%0: float32[2,3]) {
        %1: float32[2,3] = variable v
        %2: float32[2,3] = chain(subtract(%1, multiply(multiply(full(2, [2,3]), subtract(%1, %0)), 0.1)))
        variable v = %2
        return
      }"
    `);
  });
});
