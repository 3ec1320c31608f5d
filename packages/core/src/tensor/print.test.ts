import {readFileSync} from 'node:fs';
import {inspect} from 'node:util';
import {describe, expect, it, vi} from 'vitest';
import {GradientTape, ops, range, tensor, Variable} from '../index.js';
import {type DType, type Element} from '../dtype.js';
import {symbolicTensor} from '../internal.js';
import {numbersText} from './print.js';
import {type Tensor} from './tensor.js';
import {type Nested} from './convert.js';

type Plain = number | boolean | string | {float: string} | readonly Plain[];

interface Case {
  readonly id: string;
  readonly python: string;
  readonly kind: 'print' | 'repr' | 'numpy';
  readonly value: Plain | null;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly numpy_text: string;
}

const golden = new URL('../../../../tests/golden/tf-ops.json', import.meta.url);
const suite = JSON.parse(readFileSync(golden, 'utf8')) as {cases: Case[]; source: string};
const cases = suite.cases.filter(({id}) => id.startsWith('text/'));

/** Values that the file gives as an expression. */
const LARGE: Readonly<Record<string, () => Tensor<Element>>> = {
  'tf.range(2000)': () => range(2000),
  'tf.reshape(tf.range(4000), [40, 100])': () => range(4000).reshape([40, 100]),
  'tf.reshape(tf.range(3000.0), [3, 1000])': () => range(3000).cast('float32').reshape([3, 1000]),
};

function plainOf(value: Plain): Nested<number | boolean | string> {
  if (Array.isArray(value)) return (value as readonly Plain[]).map(plainOf);
  if (typeof value !== 'object') return value;
  const {float} = value as {float: string};
  return float === 'nan' ? NaN : float === 'inf' ? Infinity : -Infinity;
}

function tensorOf({id, value, dtype, shape, python}: Case): Tensor<Element> {
  const name = /name='(.*)'/.exec(python)?.[1];
  if (value !== null) {
    const made = tensor(plainOf(value) as number, {dtype, shape}) as Tensor<Element> as Tensor;
    return python.includes('tf.Variable') ? new Variable(made, {name}) : made;
  }
  const make = Object.entries(LARGE).find(([expression]) => python.includes(expression))?.[1];
  if (make === undefined) throw new Error(`no values for ${id}`);
  return make();
}

/** Strings are text here, not bytes: without Python's b, and with the letters that the bytes stand for. */
const asText = (python: string): string =>
  python.replace(/b'((?:\\.|[^'])*)'/g, (_, body: string) => {
    const bytes = body.replace(/\\x([\da-f]{2})/g, (_hex, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return `'${Buffer.from(bytes, 'latin1').toString()}'`;
  });

/** The numbers of a text with their brackets, whatever stands between them. */
const tokens = (text: string): string[] => text.match(/\[|\]|[^\s,[\]]+/g) ?? [];

/** The array in what Python's repr gives. */
const arrayIn = (repr: string): string =>
  repr
    .replace(/^.*?numpy=\s*/s, '')
    .replace(/(?:,\s*shape=\([\d, ]*\))?(?:,\s*dtype=\w+)?\)?>$/, '')
    .replace(/^array\(/, '');

describe(`text of ${suite.source}`, () => {
  it.each(cases.map((c) => [c.id, c] as const))('%s', (_, c) => {
    const t = tensorOf(c);
    const text = asText(c.numpy_text);
    if (c.kind === 'numpy') expect(numbersText(t)).toBe(text);
    else if (!text.includes('numpy=')) expect(`tf.${String(t)}`).toBe(text);
    else if (t.ndim > 0) expect(tokens(numbersText(t))).toEqual(tokens(arrayIn(text)));
    // Python writes a single number with the digits of a double.
    else if (t.dtype === 'float32')
      expect(Math.fround(Number(numbersText(t)))).toBe(Math.fround(Number(arrayIn(text))));
    else expect(numbersText(t)).toBe(arrayIn(text));
  });
});

describe('numbers in NumPy 2.4 layout', () => {
  it.each<[string, Nested<number>, DType, string]>([
    ['a tie of shortest digits goes to the even one', [-1.70703125, 0.5], 'float32', '[-1.7070312  0.5      ]'],
    ['a tie at eight decimals goes to the even one', [0.001953125, 1], 'float64', '[0.00195312 1.        ]'],
    ['more digits than the shortest are exact', [0.1, 123456789], 'float32', '[1.0000000e-01 1.2345679e+08]'],
    ['exponents of three digits', [1e300, 1e-300, 0], 'float64', '[1.e+300 1.e-300 0.e+000]'],
    ['the smallest number', [5e-324, 1], 'float64', '[5.e-324 1.e+000]'],
    ['float16 from 1000', [0.1, 0.25, 300], 'float16', '[1.0e-01 2.5e-01 3.0e+02]'],
    ['only what is not finite', [NaN, -Infinity], 'float32', '[ nan -inf]'],
    ['bfloat16 like the other halves', [0.1, 0.25, 3], 'bfloat16', '[0.1  0.25 3.  ]'],
  ])('%s', (_, values, dtype, text) => {
    expect(numbersText(tensor(values, dtype))).toBe(text);
  });

  it('complex numbers', () => {
    expect(numbersText(tensor([1, -2.5], 'complex64'))).toBe('[ 1. +0.j -2.5+0.j]');
    expect(numbersText(tensor([[3]], 'complex64').reshape([]))).toBe('(3+0j)');
  });

  it('constants and views', () => {
    expect(numbersText(ops.full([2, 2], 0.5))).toBe('[[0.5 0.5]\n [0.5 0.5]]');
    expect(numbersText(range(6).reshape([2, 3]).transpose())).toBe('[[0 3]\n [1 4]\n [2 5]]');
  });

  it('more than a thousand elements on short axes in full', () => {
    const text = numbersText(ops.zeros([5, 5, 5, 5, 5]));
    expect(text).not.toContain('...');
    expect(text.match(/0\./g)).toHaveLength(5 ** 5);
  });
});

describe('String(tensor)', () => {
  it('000-1 has the numbers, the shape and the dtype', () => {
    const t = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      'int32',
    );
    expect(String(t)).toBe('Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)');
    expect(String(tensor(42, 'int32'))).toBe('Tensor(42, shape=(), dtype=int32)');
    expect(String(tensor(2.5))).toBe('Tensor(2.5, shape=(), dtype=float32)');
    expect(inspect(t)).toBe(String(t));
    expect(inspect({t})).toContain('  [[1 2 3]\n   [4 5 6]]');
  });

  it('002-3 names a Variable', () => {
    const v = new Variable(ops.zeros([2, 3]), {name: 'v'});
    expect(String(v)).toBe('Variable(v: 0\n[[0. 0. 0.]\n [0. 0. 0.]], shape=(2, 3), dtype=float32)');
    expect(inspect(v)).toBe(String(v));
  });

  it('says that a symbolic tensor has no value', () => {
    const x = symbolicTensor({shape: [null, 784], dtype: 'float32'}, 'keras_tensor');
    expect(String(x)).toBe('<KerasTensor shape=(None, 784), dtype=float32, name=keras_tensor>');
  });

  it('works after dispose, so that a debugger can show it', () => {
    const t = tensor([1, 2]);
    t.dispose();
    expect(String(t)).toBe('<disposed Tensor shape=(2,), dtype=float32>');
  });

  it('leaves a Variable writable in place and a tape as it was', () => {
    const v = new Variable(ops.zeros([2000]));
    const {source: before} = v;
    const tape = new GradientTape({persistent: true});
    const y = tape.record(() => {
      expect(String(v)).toContain('...');
      return v.sum();
    });
    v.assignAdd(1);
    expect(v.source).toBe(before);
    expect(tape.gradient(y, v).sum().item()).toBe(2000);
  });

  it('print writes it to the console', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    tensor([1, 2]).print();
    expect(log).toHaveBeenCalledExactlyOnceWith('Tensor([1. 2.], shape=(2,), dtype=float32)');
    log.mockRestore();
  });
});
