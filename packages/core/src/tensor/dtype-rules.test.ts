import {describe, expect, it} from 'vitest';
import {type DType, type Element} from '../dtype.js';
import {GradientTape, ops, tensor, type Tensor, Variable} from '../index.js';
import {checkLeaks} from '../testing/leaks.js';

checkLeaks();

// What docs/dtypes.md says.

type Whole = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';
const RANGES: readonly (readonly [Whole, bigint, bigint])[] = [
  ['int8', -128n, 127n],
  ['int16', -32768n, 32767n],
  ['int32', -(2n ** 31n), 2n ** 31n - 1n],
  ['int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['uint8', 0n, 255n],
  ['uint16', 0n, 65535n],
  ['uint32', 0n, 2n ** 32n - 1n],
  ['uint64', 0n, 2n ** 64n - 1n],
];

const isBig = (dtype: DType) => dtype === 'int64' || dtype === 'uint64';
const of = (values: readonly bigint[], dtype: Whole): Tensor<Element> =>
  isBig(dtype) ? tensor<Whole>([...values] as never, dtype) : tensor(values.map(Number), dtype);
const read = (x: Tensor<Element>): bigint[] => [...(x.data() as Iterable<number | bigint>)].map(BigInt);
const wrap = (value: bigint, low: bigint, high: bigint): bigint => {
  const count = high - low + 1n;
  return ((((value - low) % count) + count) % count) + low;
};

describe.each(RANGES)('%s', (dtype, low, high) => {
  const values = [low, low + 1n, high, high - 1n, 0n, 1n, 7n, high / 3n];
  const others = [high, high, 1n, high, 3n, high, 11n, 5n];
  const binary: readonly (readonly [string, (a: Tensor, b: Tensor) => Tensor, (a: bigint, b: bigint) => bigint])[] = [
    ['add', (a, b) => a.add(b), (a, b) => a + b],
    ['subtract', (a, b) => a.sub(b), (a, b) => a - b],
    ['multiply', (a, b) => a.mul(b), (a, b) => a * b],
    ['maximum', (a, b) => a.maximum(b), (a, b) => (a > b ? a : b)],
    ['minimum', (a, b) => a.minimum(b), (a, b) => (a < b ? a : b)],
  ];
  it.each(binary)('%s is exact and wraps around', (_, op, reference) => {
    const y = op(of(values, dtype) as Tensor, of(others, dtype) as Tensor);
    expect(y.dtype).toBe(dtype);
    expect(read(y)).toEqual(values.map((a, i) => wrap(reference(a, others[i] ?? 0n), low, high)));
  });

  it('square, negative and sum wrap around; order is exact', () => {
    const x = of(values, dtype);
    expect(read(ops.square(x as Tensor))).toEqual(values.map((a) => wrap(a * a, low, high)));
    expect(read(x.neg())).toEqual(values.map((a) => wrap(-a, low, high)));
    expect(read(ops.sort(x as Tensor))).toEqual([...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(x.greater(of(others, dtype)).array()).toEqual(values.map((a, i) => a > (others[i] ?? 0n)));
    expect(x.equal(of(values, dtype)).all().item()).toBe(true);
  });

  it('casts of NaN, infinity and what is out of range', () => {
    const floor = low === 0n ? 0n : low;
    for (const from of ['float32', 'float64'] as const) {
      const odd = tensor([NaN, Infinity, -Infinity, 1e30, -1e30], from).cast(dtype);
      expect(read(odd), from).toEqual([floor, floor, floor, floor, floor]);
      expect(read(tensor([1.9, 0.4, 100.7], from).cast(dtype)), from).toEqual([1n, 0n, 100n]);
    }
    if (low < 0n) expect(read(tensor([-1.9, -0.4]).cast(dtype))).toEqual([-1n, 0n]);
  });

  it('casts to other integers keep the lower bits, to bool whether it is not zero', () => {
    for (const [to, toLow, toHigh] of RANGES) {
      expect(read(of(values, dtype).cast(to)), to).toEqual(values.map((a) => wrap(a, toLow, toHigh)));
    }
    expect(of(values, dtype).cast('bool').array()).toEqual(values.map((a) => a !== 0n));
    expect(read(tensor([true, false]).cast(dtype))).toEqual([1n, 0n]);
  });

  it('division by zero gives 0', () => {
    const zero = of([0n, 0n], dtype) as Tensor;
    expect(read(ops.floorDivide(of([5n, high], dtype) as Tensor, zero))).toEqual([0n, 0n]);
  });

  it('survives movement', () => {
    const x = of(values, dtype).reshape([2, 4]);
    expect(read(ops.concatenate([x.transpose(), x.transpose()], 0).at('::-1'))).toHaveLength(16);
    expect(read(x.flip(0).flip(0).transpose().transpose())).toEqual(values);
    expect(read(ops.take(x as Tensor, [1, 0], 0))).toEqual([...values.slice(4), ...values.slice(0, 4)]);
  });
});

describe('halves', () => {
  it.each<['float16' | 'bfloat16', readonly (readonly [number, number])[]]>([
    [
      'float16',
      [
        [1 + 2 ** -11, 1], // ties go to even
        [1 + 3 * 2 ** -11, 1 + 2 ** -9],
        [65519, 65504],
        [65520, Infinity],
        [-1e9, -Infinity],
        [2 ** -14, 2 ** -14],
        [2 ** -24, 2 ** -24], // the smallest subnormal
        [2 ** -25, 0],
        [3 * 2 ** -25, 2 ** -23],
        [NaN, NaN],
      ],
    ],
    [
      'bfloat16',
      [
        [1 + 2 ** -8, 1],
        [1 + 3 * 2 ** -8, 1 + 2 ** -6],
        [3.3895313892515355e38, 3.3895313892515355e38],
        [3.4e38, Infinity],
        [2 ** -133, 2 ** -133],
        [2 ** -135, 0],
        [NaN, NaN],
      ],
    ],
  ])('%s rounds to the nearest even, alike when it is made, cast and computed', (dtype, cases) => {
    const given = cases.map(([value]) => value);
    const expected = cases.map(([, value]) => value);
    expect(tensor(given, dtype).array(1)).toEqual(expected);
    expect(tensor(given, 'float32').cast(dtype).array(1)).toEqual(expected);
    expect(tensor(given, dtype).mul(1).array(1)).toEqual(expected);
    expect(given.map((value) => tensor(value, dtype).item())).toEqual(expected);
  });

  it('sums accumulate in float32', () => {
    expect(ops.ones([5000]).cast('float16').sum().item()).toBe(5000);
    expect(ops.ones([1000]).cast('bfloat16').sum().item()).toBe(1000);
  });
});

describe('float64 and bool', () => {
  it('float64 keeps its digits from end to end', () => {
    const third = 1 / 3;
    const w = new Variable(tensor([third, 1e-12], 'float64'));
    const tape = new GradientTape();
    const y = tape.record(() => w.mul(3).exp().sum());
    expect(y.item()).toBeCloseTo(Math.E + Math.exp(3e-12), 14);
    const gradient = tape.gradient(y, w);
    expect(gradient.dtype).toBe('float64');
    expect(gradient.at(0).item()).toBeCloseTo(3 * Math.E, 13);
    w.assignSub(gradient.mul(1e-10));
    expect(w.at(1).item()).toBeCloseTo(1e-12 - 3e-10, 20);
  });

  it('bool has logic and no arithmetic', () => {
    const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
    expect(ops.logicalAnd(a, b).array()).toEqual([true, false, false]);
    expect(ops.logicalOr(a, b).array()).toEqual([true, true, false]);
    expect(ops.logicalXor(a, b).array()).toEqual([false, true, false]);
    expect(() => a.sub(b)).toThrow('subtract');
    expect(tensor([0.5, -0.2, NaN, 0]).cast('bool').array()).toEqual([true, true, true, false]);
  });
});
