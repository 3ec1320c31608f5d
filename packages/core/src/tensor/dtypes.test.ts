import {describe, expect, it} from 'vitest';
import {DtypeError, ops, random, range, tensor, type Tensor, Variable} from '../index.js';
import {type DType, type Element} from '../dtype.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

const f32 = () => tensor([1, 2]);
const f64 = () => tensor([1, 2], 'float64');
const i32 = () => tensor([1, 2], 'int32');

describe('000-6 dtypes are never converted silently', () => {
  const pairs: readonly (readonly [string, () => Tensor, () => Tensor])[] = [
    ['float32 and int32', f32, i32],
    ['int32 and float32', i32, f32],
    ['float32 and float64', f32, f64],
    ['float64 and float32', f64, f32],
    ['float16 and float32', () => tensor([1], 'float16'), f32],
    ['int32 and uint8', i32, () => tensor([1], 'uint8')],
  ];
  const fns: Readonly<Record<string, (a: Tensor, b: Tensor) => unknown>> = {
    add: (a, b) => a.add(b),
    subtract: (a, b) => a.sub(b),
    multiply: (a, b) => a.mul(b),
    power: (a, b) => a.pow(b),
    maximum: (a, b) => a.maximum(b),
    equal: (a, b) => a.equal(b),
    greater: (a, b) => a.greater(b),
    divide: (a, b) => a.div(b),
    concatenate: (a, b) => ops.concatenate([a, b]),
    stack: (a, b) => ops.stack([a, b]),
    where: (a, b) => ops.where(tensor([true]), a, b),
    matmul: (a, b) => a.reshape([1, -1]).matmul(b.reshape([-1, 1])),
    assign: (a, b) => new Variable(a).assign(b),
  };
  for (const [op, fn] of Object.entries(fns)) {
    it.each(pairs)(`${op} refuses %s`, (_, a, b) => {
      const [x, y] = [a(), b()];
      expect(() => fn(x, y)).toThrow(DtypeError);
      expect(() => fn(x, y)).toThrow(op);
      expect(() => fn(x, y)).toThrow(x.dtype);
      expect(() => fn(x, y)).toThrow(y.dtype);
      expect(() => fn(x, y)).toThrow('cast(');
    });
  }

  it('cast makes them work', () => {
    expect(() => tensor(2).add(tensor(40, 'int32'))).toThrow(
      'add: tensors must have one dtype, got a float32 and b int32',
    );
    expect(tensor(2).add(tensor(40, 'float64').cast('float32')).item()).toBe(42);
  });

  it('002-2 numbers and arrays take the dtype of the tensor', () => {
    expect(ops.multiply(ops.ones([3, 3], 'float64'), 2).dtype).toBe('float64');
    expect(i32().mul([3, 4]).dtype).toBe('int32');
    expect(tensor([1n]).add(2n).dtype).toBe('int64');
    expect(ops.subtract(10, i32()).array()).toEqual([9, 8]);
  });

  it('a literal that does not fit is an error', () => {
    expect(() => i32().add(1.5)).toThrow('add: 1.5 is not an integer, which int32 needs');
    expect(() => tensor([1], 'uint8').add(300)).toThrow('300 is outside of 0 to 255');
    expect(() => tensor([1], 'uint8').sub([-1])).toThrow('-1 is outside of 0 to 255');
    expect(() => tensor(1.5, 'int32')).toThrow(DtypeError);
    expect(() => tensor([1, true] as never)).toThrow('elements must be of one kind');
    expect(() => tensor([1], 'float23' as never)).toThrow('unknown dtype "float23"; did you mean "float32"?');
  });
});

describe('000-5 arrays both ways', () => {
  it.each<[DType, ArrayBufferView]>([
    ['float32', new Float32Array([1.5, -2])],
    ['float64', new Float64Array([1.5, -2])],
    ['int8', new Int8Array([1, -2])],
    ['int16', new Int16Array([1, -2])],
    ['int32', new Int32Array([1, -2])],
    ['uint8', new Uint8Array([1, 2])],
    ['uint16', new Uint16Array([1, 2])],
    ['uint32', new Uint32Array([1, 2])],
    ['int64', new BigInt64Array([1n, -2n])],
    ['uint64', new BigUint64Array([1n, 2n])],
  ])('%s', (dtype, values) => {
    const t: Tensor<Element> = tensor(values as Float32Array);
    expect(t.dtype).toBe(dtype);
    expect(t.data()).toEqual(values);
    expect(t.numpy()).toEqual({data: values, shape: [2], dtype});
  });

  it('int64 stays int64 and exact', () => {
    const a = tensor(new BigInt64Array([2n, 4n, 5n]));
    const square = ops.square(a);
    expect(square.dtype).toBe('int64');
    expect(square.array()).toEqual([4n, 16n, 25n]);
    expect(
      tensor([2n ** 62n])
        .add(1n)
        .item(),
    ).toBe(2n ** 62n + 1n);
    expect(() => tensor((2n ** 60n) as never, 'float64')).toThrow('does not fit float64 exactly');
  });

  it('halves read as float32', () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const t = tensor([1.5, -0.25, 3], dtype);
      expect(t.data()).toEqual(new Float32Array([1.5, -0.25, 3]));
      expect(t.mul(2).dtype).toBe(dtype);
      expect(t.mul(2).array()).toEqual([3, -0.5, 6]);
    }
  });

  it('nested arrays must be rectangular', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow('nested arrays must be rectangular');
    expect(() => tensor([[1], 2] as never)).toThrow('nested arrays must be rectangular');
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  it('shape is checked', () => {
    expect(tensor(new Float32Array(12), {shape: [3, 4]}).shape).toEqual([3, 4]);
    expect(() => tensor(new Float32Array(12), {shape: [3, 5]})).toThrow('shape (3,5) holds 15 elements, got 12');
    expect(() => tensor([1], {shap: [1]} as never)).toThrow('did you mean "shape"?');
  });
});

describe('002-1 ops of plain numbers', () => {
  it('give what the notes print', () => {
    expect(ops.add(1, 2).item()).toBe(3);
    expect(ops.add([1, 2], [3, 4]).array()).toEqual([4, 6]);
    expect(ops.square(5).item()).toBe(25);
    expect(ops.sum([1, 2, 3]).item()).toBe(6);
    expect(ops.square(2).add(ops.square(3)).item()).toBe(13);
    expect(ops.matmul([[2], [3]], [[3, 7]]).array()).toEqual([
      [6, 14],
      [9, 21],
    ]);
    expect(range(10).dtype).toBe('int32');
    expect(random.uniform([2, 3]).dtype).toBe('float32');
  });
});

describe('Variables', () => {
  it('002-3 print, add and read', () => {
    const v = new Variable(
      [
        [2, 3],
        [3, 4],
      ],
      {dtype: 'int32'},
    );
    expect(v.add(1).array()).toEqual([
      [3, 4],
      [4, 5],
    ]);
    expect(v.add(1)).not.toBeInstanceOf(Variable);
    expect(v.array()).toEqual([
      [2, 3],
      [3, 4],
    ]);
    const before = v.readValue();
    v.assignAdd([
      [1, 1],
      [1, 1],
    ]);
    expect(before.array()).toEqual([
      [2, 3],
      [3, 4],
    ]);
  });

  it('004-2 refuse other shapes, naming both', () => {
    const v = new Variable(ops.ones([3, 1]), {name: 'w'});
    expect(() => v.assign(ops.ones([3, 2]))).toThrow('assign: variable w has shape (3,1), got a value of shape (3,2)');
    v.assign([[3], [2], [1]]);
    v.at(1, 0).assign(1);
    expect(v.array()).toEqual([[3], [1], [1]]);
    v.assignSub(ops.ones([3, 1]));
    expect(v.array()).toEqual([[2], [0], [0]]);
    expect(() => v.assignAdd(ops.ones([2]))).toThrow('variable w has shape (3,1)');
  });
});
