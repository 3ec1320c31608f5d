import {MessageChannel} from 'node:worker_threads';
import {describe, expect, it} from 'vitest';
import {ops, range, tensor, Variable} from '../index.js';
import {symbolicTensor} from '../internal.js';

describe('conversion to numbers', () => {
  it('works for scalars', () => {
    expect(+tensor(2.5)).toBe(2.5);
    expect(Number(tensor([[7]], 'int32'))).toBe(7);
    expect(Number(tensor(5n))).toBe(5);
    expect(Number(tensor(true))).toBe(1);
    expect(new Variable(3) > tensor(2)).toBe(true);
    expect(Math.max(Number(tensor(3)), 2)).toBe(3);
  });

  it('keeps integers that a number cannot hold', () => {
    expect(BigInt(tensor(2n ** 60n) as never)).toBe(2n ** 60n);
  });

  it('refuses arrays, naming the methods', () => {
    expect(() => +tensor([1, 2])).toThrow('a tensor of shape (2,) does not convert to a number');
    expect(() => (tensor([1, 2]) as never as number) + 1).toThrow('t.add(x)');
    expect(() => Number(symbolicTensor({shape: [], dtype: 'float32'}))).toThrow('symbolic');
  });
});

describe('iteration', () => {
  it('gives the rows', () => {
    expect([...range(6).reshape([3, 2])].map((row) => row.array())).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    const [a, b] = tensor([1, 2]);
    expect([a?.item(), b?.item()]).toEqual([1, 2]);
    expect([...ops.zeros([0, 3])]).toEqual([]);
  });

  it('refuses scalars', () => {
    expect(() => [...tensor(1)]).toThrow('a scalar tensor has no rows');
  });
});

describe('JSON', () => {
  it('is the nested arrays', () => {
    expect(JSON.stringify({a: range(4).reshape([2, 2]), b: tensor(true), c: tensor([1n])})).toBe(
      '{"a":[[0,1],[2,3]],"b":true,"c":["1"]}',
    );
  });
});

describe('cloning', () => {
  it('throws a sentence that names data()', () => {
    expect(() => structuredClone(tensor([1]))).toThrow('send t.data() with t.shape and t.dtype instead');
    expect(() => structuredClone({deep: [new Variable(1)]})).toThrow('t.data()');
    const {port1} = new MessageChannel();
    expect(() => port1.postMessage(ops.zeros([2]))).toThrow('t.data()');
    port1.close();
  });
});

describe('methods', () => {
  it('have their names, for stack traces', () => {
    const t = tensor([1]);
    expect([t.item.name, t.add.name, t.at.name, t.print.name]).toEqual(['item', 'add', 'at', 'print']);
  });
});

describe('what other libraries call differently', () => {
  const t = tensor([1, 2]);
  const call = (name: string) => () => (Reflect.get(t, name) as () => unknown).call(t);

  it.each([
    ['assign', 'tensors do not change; make a Variable of it: new Variable(t)'],
    ['arraySync', 'here it is called "array"'],
    ['dataSync', 'here it is called "data"'],
    ['subtract', 'here it is called "sub"'],
    ['backward', 'gradients come from a GradientTape'],
  ])('t.%s', (name, message) => {
    expect(call(name)).toThrow(message);
    expect(call(name)).toThrow(`tensor.${name}: there is no such method`);
  });

  it('004-1 t.at(0).assign and t[0] = 1', () => {
    expect(() => (t.at(0) as never as Variable).assign(1)).toThrow('new Variable(t)');
    expect(() => {
      (t as never as number[])[0] = 1;
    }).toThrow('t[0] = ...: tensors do not change');
    expect(() => (t as never as number[])[1]).toThrow('tensors are indexed with t.at(1)');
    expect(t.array()).toEqual([1, 2]);
  });
});

describe('dispose', () => {
  it('ends the use of a tensor', () => {
    const t = tensor([1, 2]);
    t.dispose();
    expect(() => t.array()).toThrow('disposed');
    expect(() => t.add(1)).toThrow('disposed');
    expect(() => t.reshape([2, 1])).toThrow('disposed');
    t.dispose();
  });

  it('leaves what views and Variables share', () => {
    const x = range(6);
    const y = x.reshape([2, 3]);
    y.dispose();
    expect(() => y.array()).toThrow('disposed');
    expect(x.array()).toEqual([0, 1, 2, 3, 4, 5]);
    const v = new Variable([1, 2]);
    v.readValue().dispose();
    v.at(0).dispose();
    expect(v.array()).toEqual([1, 2]);
  });
});
