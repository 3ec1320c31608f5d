import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {
  DtypeError,
  GradientTape,
  IndexError,
  ops,
  range,
  ShapeError,
  slice,
  tensor,
  ValueError,
  Variable,
} from '../../index.js';
import {symbolicTensor} from '../../internal.js';
import {type Nested} from '../convert.js';
import {type Index, type IndexArray, type MaskArray} from './plan.js';

type Item = number | string | {array: IndexArray} | {mask: MaskArray};

interface Case {
  readonly shape: readonly number[];
  readonly index: readonly Item[];
  readonly result_shape: readonly number[];
  readonly result: readonly number[];
}

const golden = new URL('../../../../../tests/golden/indexing.json', import.meta.url);
const {cases, source} = JSON.parse(readFileSync(golden, 'utf8')) as {cases: Case[]; source: string};

/** An index as `at` takes it: arrays as they are, or as tensors. */
function indexOf(items: readonly Item[], asTensors: boolean): Index[] {
  return items.map((item) => {
    if (typeof item !== 'object') return item as Index;
    if ('mask' in item) return asTensors ? tensor(item.mask as Nested<boolean>) : item.mask;
    return asTensors ? tensor(item.array as Nested<number>, 'int64') : item.array;
  });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);
const text = ({shape, index}: Case) => `(${shape.join()})[${index.map((item) => JSON.stringify(item)).join(', ')}]`;
const named = cases.map((c) => [text(c), c] as const);

describe(`at, as ${source}`, () => {
  it.each(named)('%s', (_, {shape, index, result, result_shape: resultShape}) => {
    const x = range(sizeOf(shape)).reshape(shape);
    for (const asTensors of [false, true]) {
      const y = x.at(...indexOf(index, asTensors));
      expect(y.shape).toEqual(resultShape);
      expect([...y.data()]).toEqual(result);
    }

    const values = result.map((_unused, i) => i + 1);
    const scale = tensor(values, {dtype: 'float32', shape: resultShape});
    const v = new Variable(ops.zeros(shape));
    const tape = new GradientTape();
    const y = tape.record(() => v.at(...indexOf(index, true)).mul(scale));
    const gradient = new Array<number>(sizeOf(shape)).fill(0);
    result.forEach((position, i) => (gradient[position] = (gradient[position] ?? 0) + i + 1));
    expect([...tape.gradient(y, v).data()]).toEqual(gradient);

    v.at(...indexOf(index, false)).assign(scale);
    const assigned = new Array<number>(sizeOf(shape)).fill(0);
    result.forEach((position, i) => (assigned[position] = i + 1));
    expect([...v.data()]).toEqual(assigned);
  });
});

describe('at', () => {
  const t = tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    'int32',
  );

  it('000-2 takes rows, ranges, the rest and new axes', () => {
    expect(t.at(0).array()).toEqual([1, 2, 3]);
    expect(t.at(':', '1:').array()).toEqual([
      [2, 3],
      [5, 6],
    ]);
    const column = t.at('...', 1, 'newaxis');
    expect(column.array()).toEqual([[2], [5]]);
    expect(column.shape).toEqual([2, 1]);
    expect(t.at(1, 2).item()).toBe(6);
    expect(t.at('::-1', -1).array()).toEqual([6, 3]);
  });

  it('takes slice() and typed arrays', () => {
    const x = range(6);
    expect(x.at(slice(1, 4)).array()).toEqual([1, 2, 3]);
    expect(x.at(slice(null, null, -2)).array()).toEqual([5, 3, 1]);
    expect(x.at(slice(4)).array()).toEqual([4, 5]);
    expect(x.at(new Int32Array([5, 0])).array()).toEqual([5, 0]);
    expect(x.at(tensor([1, 2], 'uint8')).array()).toEqual([1, 2]);
    expect(x.at(tensor(3, 'int32')).array()).toBe(3);
    expect(x.at(x.greater(3)).array()).toEqual([4, 5]);
    expect(x.at([]).shape).toEqual([0]);
  });

  it('gives a view for ranges', () => {
    const x = range(12).reshape([3, 4]).cast('float32');
    expect(x.at('1:').source).toBe(x.source);
    expect(x.at(0, 'newaxis', '::2').source).toBe(x.source);
  });

  it('follows open axes of symbolic tensors', () => {
    const x = symbolicTensor({shape: [null, 28, 28], dtype: 'float32'});
    expect(x.at(':', 0).shape).toEqual([null, 28]);
    expect(x.at('...', 'newaxis').shape).toEqual([null, 28, 28, 1]);
    expect(x.at(-1).shape).toEqual([28, 28]);
    expect(x.at(':5').shape).toEqual([null, 28, 28]);
    expect(x.at(':', [0, 2]).shape).toEqual([null, 2, 28]);
  });

  it.each<[string, () => unknown, new (message: string) => Error, string]>([
    ['an index outside', () => t.at(2), IndexError, 'at: index 2 is out of range for axis 0 of size 2'],
    ['an index outside', () => t.at(0, -4), IndexError, 'at: index -4 is out of range for axis 1 of size 3'],
    ['an array outside', () => t.at(':', [0, 3]), IndexError, 'at: index 3 is out of range for axis 1 of size 3'],
    ['a tensor outside', () => t.at(tensor([5], 'int32')), IndexError, 'index 5 is out of range for axis 0 of size 2'],
    ['one of several', () => t.at([0, 1], [0, -4]), IndexError, 'index -4 is out of range for axis 1 of size 3'],
    ['too many', () => t.at(0, 0, 0), IndexError, 'at: 3 indices for a tensor of rank 2, shape (2,3)'],
    ['two ellipses', () => t.at('...', '...'), IndexError, "'...' may stand only once"],
    ['a fraction', () => t.at(0.5), IndexError, 'an index must be an integer, got 0.5'],
    ['fractions', () => t.at([0.5]), DtypeError, '0.5 is not an integer'],
    ['a float tensor', () => t.at(tensor([0, 1])), DtypeError, "bool, got float32; use cast('int32')"],
    ['a mask of the wrong size', () => t.at([true]), IndexError, 'a mask of shape (1,) does not fit axis 0'],
    ['a mask of the wrong axes', () => t.at(t.transpose().greater(1)), IndexError, 'does not fit axes 0 to 1'],
    ['arrays of different lengths', () => t.at([0, 1], [0, 1, 2]), ShapeError, 'index arrays must broadcast'],
    ['a step of 0', () => t.at('::0'), ValueError, 'step must be an integer other than 0, got 0'],
    ['another text', () => t.at('1-2' as never), ValueError, 'at: an index is an integer'],
    ['null', () => t.at(null as never), ValueError, "a new axis is 'newaxis'"],
    ['a mask of a symbolic tensor', () => t.at(symbolicTensor<boolean>({shape: [2], dtype: 'bool'})), Error, 'at with'],
  ])('refuses %s', (_, fn, type, message) => {
    expect(fn).toThrow(type);
    expect(fn).toThrow(message);
  });
});

describe('a part of a Variable', () => {
  const start = () =>
    new Variable(
      [
        [2, 4, 6],
        [8, 10, 12],
      ],
      {name: 'v'},
    );

  it('000-7 is assigned in place', () => {
    const v = start();
    const {source: memory} = v;
    v.at(0, 1).assign(42);
    v.at(':', 2).assign([0, 1]);
    expect(v.array()).toEqual([
      [2, 42, 0],
      [8, 10, 1],
    ]);
    v.scatterNdUpdate(
      [
        [0, 0],
        [1, 2],
      ],
      [100, 200],
    );
    expect(v.array()).toEqual([
      [100, 42, 0],
      [8, 10, 200],
    ]);
    v.scatterUpdate([0], [[7, 8, 9]]);
    v.at(1).assignAdd([1, 1, 1]).assignSub(2);
    v.at([1, 0], 0).assignAdd(5);
    expect(v.array()).toEqual([
      [12, 8, 9],
      [12, 9, 199],
    ]);
    expect(v.source).toBe(memory);
  });

  it('003-1 has the same items as the variable', () => {
    const v = new Variable<bigint>(tensor(Array.from({length: 10}, (_, i) => BigInt(i))));
    v.at(2).assign(10n);
    expect(v.array()).toEqual([0n, 1n, 10n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
  });

  it('is a tensor of the values at the time', () => {
    const v = start();
    const row = v.at(0);
    const column = v.at(':', 0);
    const gathered = v.at([1]);
    v.assign(ops.zeros([2, 3]));
    expect(row.array()).toEqual([2, 4, 6]);
    expect(column.add(1).array()).toEqual([3, 9]);
    expect(gathered.array()).toEqual([[8, 10, 12]]);
    expect(row.shape).toEqual([3]);
    expect(String(row)).toBe('Tensor([2. 4. 6.], shape=(3,), dtype=float32)');
  });

  it('does not see what is written through another one', () => {
    const v = start();
    const row = v.at(0);
    v.at(0, 0).assign(1);
    expect(row.array()).toEqual([2, 4, 6]);
    expect(v.at(0).array()).toEqual([1, 4, 6]);
  });

  it('shows what was written through it', () => {
    const v = start();
    const row = v.at(0);
    expect(row.array()).toEqual([2, 4, 6]);
    expect(row.assign([1, 2, 3]).array()).toEqual([1, 2, 3]);
    expect(row.assignAdd(1)).toBe(row);
    expect(row.array()).toEqual([2, 3, 4]);
  });

  it('takes values that overlap what it writes', () => {
    const v = new Variable([1, 2, 3, 4]);
    v.at('::-1').assign(v);
    expect(v.array()).toEqual([4, 3, 2, 1]);
    v.at('1:').assign(v.at(':-1'));
    expect(v.array()).toEqual([4, 4, 3, 2]);
    v.at([3, 2, 1, 0]).assign(v);
    expect(v.array()).toEqual([2, 3, 4, 4]);
    v.at(':2').assign(v.readValue().at('2:'));
    expect(v.array()).toEqual([4, 4, 4, 4]);
  });

  it('takes values of fewer axes and constants', () => {
    const v = start();
    v.at(':', '1:').assign([[1], [2]]);
    v.at(0).assign(ops.full([1, 3], 7));
    expect(v.array()).toEqual([
      [7, 7, 7],
      [8, 2, 2],
    ]);
    v.at(v.greater(5)).assign(0);
    expect(v.array()).toEqual([
      [0, 0, 0],
      [0, 2, 2],
    ]);
    v.at('5:').assign(9);
    v.at(':0', 1).assignAdd(9);
    expect(v.sum().item()).toBe(4);
  });

  it('adds up what an index array names twice', () => {
    const v = new Variable(ops.zeros([3]));
    v.at([0, 2, 0]).assignAdd([1, 2, 3]);
    expect(v.array()).toEqual([4, 0, 2]);
    v.at([1, 1]).assignSub(1);
    expect(v.array()).toEqual([4, -2, 2]);
  });

  it('changes neither tapes nor tensors that hold the old values', () => {
    const v = start();
    const before = v.readValue();
    const tape = new GradientTape();
    const y = tape.record(() => v.square().sum());
    v.at(0).assign(0);
    expect(before.at(0).array()).toEqual([2, 4, 6]);
    expect(tape.gradient(y, v).array()).toEqual([
      [4, 8, 12],
      [16, 20, 24],
    ]);
  });

  it('has gradients, also where it is written after the tape used it', () => {
    const v = start();
    const tape = new GradientTape({persistent: true});
    const outside = v.at(1);
    const y = tape.record(() => v.at(0).square().sum());
    v.at(0).assign(100);
    expect(tape.gradient(y, v).array()).toEqual([
      [4, 8, 12],
      [0, 0, 0],
    ]);
    tape.watch(outside);
    const z = tape.record(() => outside.square());
    outside.assign(0);
    expect(tape.gradient(z, v, {unconnectedGradients: 'none'})).toBeNull();
  });

  it.each<[string, (v: Variable) => unknown, string]>([
    [
      'a shape that does not fit',
      (v) => v.at(0).assign([1, 2]),
      'variable v has shape (3,), got a value of shape (2,)',
    ],
    ['another dtype', (v) => v.at(0).assign(tensor([1], 'int32')), 'variable v is float32, got a value of dtype'],
    ['an index outside', (v) => v.at([0, 2]).assign(1), 'assign: index 2 is out of range for axis 0 of size 2'],
    ['an index outside', (v) => v.at('::1', [3]).assignAdd(1), 'index 3 is out of range for axis 1 of size 3'],
    ['rows outside', (v) => v.scatterUpdate([2], [[1, 2, 3]]), 'scatterUpdate: index 2 is out of range'],
    ['rows of another length', (v) => v.scatterAdd([0], [[1, 2]]), 'has shape (1,3), got a value of shape (1,2)'],
    ['too long tuples', (v) => v.scatterNdUpdate([[0, 0, 0]], [1]), 'must have at most 2 entries'],
    ['indices of floats', (v) => v.scatterUpdate(tensor([0]), [[1, 2, 3]]), "got float32; use cast('int32')"],
  ])('refuses %s and stays as it was', (_, fn, message) => {
    const v = start();
    expect(() => fn(v)).toThrow(message);
    expect(v.array()).toEqual(start().array());
  });
});

describe('scatter methods of Variables', () => {
  it('update rows in the order of the indices', () => {
    const v = new Variable(ops.ones([3, 2]));
    v.scatterAdd([0, -1, 0], ops.full([3, 2], 2));
    expect(v.array()).toEqual([
      [5, 5],
      [1, 1],
      [3, 3],
    ]);
    v.scatterSub([1], [[1, 2]]);
    v.scatterMax(
      [0, 2],
      [
        [4, 6],
        [9, 1],
      ],
    );
    v.scatterMin([1], 0.5);
    expect(v.array()).toEqual([
      [5, 6],
      [0, -1],
      [9, 3],
    ]);
    v.scatterUpdate(
      [1, 1],
      [
        [1, 1],
        [2, 2],
      ],
    );
    expect(v.at(1).array()).toEqual([2, 2]);
    v.scatterNdAdd(
      [
        [2, 0],
        [2, 0],
      ],
      [1, 1],
    ).scatterNdSub([[2]], [[1, 1]]);
    expect(v.at(2).array()).toEqual([10, 2]);
  });

  it('set booleans, and refuse to add them', () => {
    const v = new Variable<boolean>(tensor([true, true, false]));
    v.scatterUpdate([0], tensor([false]));
    v.at(2).assign(tensor(true));
    expect(v.array()).toEqual([false, true, true]);
    expect(() => v.scatterAdd([0], tensor([true]))).toThrow('its elements can only be set');
  });
});
