import {describe, expect, it} from 'vitest';
import {DisposedError, DtypeError, type KeratinError, ops, ShapeError, tensor, ValueError, Variable} from '../index.js';
import {symbolicTensor} from '../internal.js';
import {checkLeaks} from '../testing/leaks.js';
import {numbersText} from './print.js';

checkLeaks();

const words = () =>
  tensor([
    ['a', 'bé', 'c'],
    ['d', 'e', 'f'],
  ]);

describe('string tensors (000-8)', () => {
  it('are made of strings and read as strings', () => {
    const t = words();
    expect(t.dtype).toBe('string');
    expect(t.shape).toEqual([2, 3]);
    expect(t.array(2)).toEqual([
      ['a', 'bé', 'c'],
      ['d', 'e', 'f'],
    ]);
    expect(tensor('x').item()).toBe('x');
    expect(tensor(['1', '2', '3', '4'], {shape: [2, 2]}).array()).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
    expect(tensor([], 'string').shape).toEqual([0]);
    expect(JSON.stringify(tensor(['a']))).toBe('["a"]');
    expect([...words()].map((row) => row.array(1).join(''))).toEqual(['abéc', 'def']);
  });

  it.each<[string, () => {array(): unknown}, unknown]>([
    ['at', () => words().at(1), ['d', 'e', 'f']],
    ['at with steps', () => words().at(':', '::-2').at(0), ['c', 'a']],
    ['at with a mask', () => words().at(words().equal('e')), ['e']],
    ['reshape of a transpose', () => words().transpose().reshape([6]), ['a', 'd', 'bé', 'e', 'c', 'f']],
    ['concatenate', () => ops.concatenate([words(), words()], 0).at(':', 0), ['a', 'd', 'a', 'd']],
    ['stack', () => ops.stack([tensor(['a', 'b']), ['c', 'd']], 1).at(0), ['a', 'c']],
    ['take', () => ops.take(words(), [2, -3], 1).at(1), ['f', 'd']],
    ['gatherNd', () => ops.gatherNd(words(), tensor([[0, 1]], 'int32')), ['bé']],
    ['where', () => ops.where(words().equal('a'), '!', words()).at(0), ['!', 'bé', 'c']],
    [
      'equal',
      () =>
        words()
          .equal([['a'], ['f']])
          .at(1),
      [false, false, true],
    ],
    ['notEqual', () => tensor(['a', 'b']).notEqual(['a', 'B']), [false, true]],
    ['tile', () => tensor(['a', 'b']).tile(2), ['a', 'b', 'a', 'b']],
    ['repeat', () => tensor(['a', 'b']).repeat(2), ['a', 'a', 'b', 'b']],
    ['flip', () => tensor(['a', 'b']).flip(), ['b', 'a']],
    ['broadcastTo', () => tensor('a').broadcastTo([2]), ['a', 'a']],
    ['full', () => ops.full([2], 'a'), ['a', 'a']],
    ['zeros', () => ops.zeros([2], 'string'), ['', '']],
    ['zeros, as a view', () => ops.zeros([2, 1], 'string').transpose().at(0), ['', '']],
    ['a broadcast of concatenated zeros', () => ops.concatenate([ops.zeros([1], 'string'), ['a']]), ['', 'a']],
    ['booleanMask', () => ops.booleanMask(tensor(['a', 'b']), tensor([false, true])), ['b']],
    ['unstack', () => ops.unstack(words(), 1)[1] ?? tensor(''), ['bé', 'e']],
    ['an empty part', () => words().at(0, '3:'), []],
  ])('%s', (_, fn, expected) => {
    expect(fn().array()).toEqual(expected);
  });

  it('are printed in quotes, bytes that are no text escaped', () => {
    expect(String(tensor('hé'))).toBe("Tensor('hé', shape=(), dtype=string)");
    expect(numbersText(words())).toBe("[['a' 'bé' 'c']\n ['d' 'e' 'f']]");
    expect(numbersText(tensor(["it's", '"', 'a\n\\', '\udcff', '\u{1f600}']))).toBe(
      `["it's" '"' 'a\\n\\\\' '\\xff' '\u{1f600}']`,
    );
    expect(numbersText(ops.full([2000], 'a'))).toBe("['a' 'a' 'a' ... 'a' 'a' 'a']");
  });

  it('live in Variables', () => {
    const v = new Variable<string>(words(), {name: 'v'});
    const before = v.readValue();
    const view = v.at(1, 0);
    v.at(0, 1).assign('B');
    v.at(':', -1).assign(['x', 'y']);
    v.at([1, 1]).assign(['p', 'q', 's']);
    expect(v.array()).toEqual([
      ['a', 'B', 'x'],
      ['p', 'q', 's'],
    ]);
    v.scatterNdUpdate([[0, 0]], ['!']).scatterUpdate([1], [['1', '2', '3']]);
    expect(v.array()).toEqual([
      ['!', 'B', 'x'],
      ['1', '2', '3'],
    ]);
    expect(view.item()).toBe('d');
    expect(before.at(0).array()).toEqual(['a', 'bé', 'c']);
    v.assign(before);
    expect(v.at(0, 1).item()).toBe('bé');
    expect(String(new Variable<string>('a', {name: 'n'}))).toBe("Variable(n: 0\n'a', shape=(), dtype=string)");
  });

  it('have shapes while symbolic', () => {
    const x = symbolicTensor<string>({shape: [null, 2], dtype: 'string'});
    expect(ops.concatenate([x, x], 1).shape).toEqual([null, 4]);
    expect(x.equal('a').dtype).toBe('bool');
  });

  it('are gone after dispose', () => {
    const t = tensor(['a', 'b']);
    t.dispose();
    expect(() => t.array()).toThrow(DisposedError);
    expect(() => t.at(0)).toThrow(DisposedError);
    expect(String(t)).toBe('<disposed Tensor shape=(2,), dtype=string>');
  });

  it.each<[string, () => unknown, new (message: string) => KeratinError, string]>([
    ['add', () => words().add('x'), DtypeError, 'add: a must have a number dtype, got string of shape (2,3)'],
    ['sum', () => words().sum(), DtypeError, 'sum: x must have a number dtype, got string'],
    ['matmul', () => words().matmul(words()), DtypeError, 'matmul: a must have a number dtype, got string'],
    ['exp', () => words().exp(), DtypeError, 'exp: string does not convert to float32; strings.toNumber reads numbers'],
    [
      'cast',
      () => tensor(1).cast('string'),
      DtypeError,
      'cast: float32 does not convert to string; strings.asString writes',
    ],
    ['less', () => words().less('a'), DtypeError, 'less: a must have a number dtype or bool, got string'],
    [
      'pad',
      () => ops.pad(words(), 1),
      DtypeError,
      'pad: string tensors are not taken, got string (2,3); what works on text',
    ],
    ['data', () => words().data(), DtypeError, 'data(): strings are no numbers'],
    ['ones', () => ops.ones([2], 'string'), DtypeError, 'ones: 1 is no text, which string needs'],
    ['fullLike', () => ops.fullLike(words(), 3), DtypeError, 'fullLike: 3 is no text, which string needs'],
    ['mixed', () => tensor(['a', 1] as string[]), DtypeError, 'tensor: elements must be of one kind, got "a" and 1'],
    ['numbers', () => tensor([1], 'string'), ValueError, 'tensor: elements of a string tensor are strings, got 1'],
    ['ragged', () => tensor([['a'], ['b', 'c']]), ShapeError, 'tensor: nested arrays must be rectangular'],
    [
      'concatenate',
      () => ops.concatenate([words(), tensor([[1, 2, 3]])]),
      DtypeError,
      'concatenate: tensors must have one dtype, got x string and x float32; strings.toNumber and strings.asString',
    ],
    [
      'assignAdd',
      () => new Variable<string>('a', {name: 'v'}).assignAdd('b'),
      DtypeError,
      'assignAdd: variable v is string: there is no arithmetic of text, use assign',
    ],
    [
      'scatterAdd',
      () => new Variable<string>(['a'], {name: 'v'}).scatterAdd([0], ['b']),
      DtypeError,
      'scatterAdd: variable v is string: its elements can only be set',
    ],
  ])('%s refuses in one sentence', (_, fn, type, message) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(message);
  });
});
