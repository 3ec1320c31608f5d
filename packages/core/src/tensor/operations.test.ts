import {describe, expect, expectTypeOf, it} from 'vitest';
import {type Element} from '../dtype.js';
import {isTensor, ops, tensor, Tensor} from '../index.js';
import {METHODS, READERS} from './methods.js';
import {OPERATION_METHODS} from './operations.js';

// Every method of tensors is the function of `ops` with the tensor first.

const SHORT: Readonly<Record<string, string>> = {
  sub: 'subtract',
  mul: 'multiply',
  div: 'divide',
  pow: 'power',
  neg: 'negative',
};

const x = tensor([
  [0.3, -0.7, 0.5],
  [0.9, 0.1, -0.4],
]);
const square = tensor([
  [2, 1],
  [1, 3],
]);
const whole = tensor(
  [
    [1, 5, 3],
    [2, 2, 7],
  ],
  'int32',
);

/** The tensor and the arguments; by default `x` and none. */
const CALLS: Readonly<Record<string, readonly [self: Tensor<Element>, ...args: unknown[]]>> = {
  ...Object.fromEntries(
    'add sub mul div pow mod floorDivide maximum minimum equal notEqual less lessEqual greater greaterEqual logicalAnd logicalOr logicalXor arctan2 squaredDifference fmod fmax fmin hypot logaddexp divideNoNan isclose allclose kron inner'
      .split(' ')
      .map((name) => [name, [x, [0.2, -0.7, 3]]]),
  ),
  ...Object.fromEntries(
    'bitwiseAnd bitwiseOr bitwiseXor leftShift rightShift'.split(' ').map((name) => [name, [whole, [1, 2, 3]]]),
  ),
  arccosh: [x.add(2)],
  bincount: [whole.reshape([-1])],
  bitwiseNot: [whole],
  booleanMask: [x, [true, false]],
  broadcastTo: [x, [2, 2, 3]],
  cast: [x, 'float64'],
  clip: [x, -0.2, 0.4],
  clipByNorm: [x, 0.5],
  diag: [square],
  dot: [square, square],
  expandDims: [x, 1],
  gatherNd: [x, tensor([[1, 2]], 'int32')],
  glu: [ops.concatenate([x, x], 1)],
  matmul: [square, x],
  moments: [x, {axes: 0}],
  moveaxis: [x, 0, 1],
  multiHot: [whole, 8],
  oneHot: [whole, 8],
  outer: [x, [1, 2]],
  pad: [x, 1],
  percentile: [x, 30],
  quantile: [x, 0.3],
  repeat: [x, 2],
  reshape: [x, [3, 2]],
  roll: [x, 1],
  saturateCast: [x.mul(1000), 'uint8'],
  split: [x, 3, 1],
  squeeze: [x.reshape([2, 1, 3])],
  swapaxes: [x, 0, 1],
  take: [x, [1, 0], 0],
  takeAlongAxis: [x, [[0, 1, 0]], 0],
  tensordot: [x, [1, 2, 3], 1],
  threshold: [x, 0.2, 7],
  tile: [x, [2, 1]],
  topK: [x, 2],
  unique: [whole],
};

const plain = (value: unknown): unknown =>
  isTensor(value)
    ? [value.dtype, value.shape, value.array()]
    : Array.isArray(value)
      ? (value as readonly unknown[]).map(plain)
      : value;

const methods = [...Object.keys(METHODS), ...Object.keys(OPERATION_METHODS)].filter((name) => !READERS.has(name));

describe('methods equal operations', () => {
  it('and none is named twice', () => {
    expect(new Set(methods).size).toBe(methods.length);
  });

  it.each(methods)('%s', (name) => {
    const method: unknown = Reflect.get(Tensor.prototype, name);
    const operation: unknown = Reflect.get(ops, SHORT[name] ?? name);
    if (typeof method !== 'function' || typeof operation !== 'function') throw new Error(`no ops.${name}`);
    const [self, ...args] = CALLS[name] ?? [x];
    const found = plain((method as (...list: unknown[]) => unknown).apply(self, args));
    expect(found).toEqual(plain((operation as (...list: unknown[]) => unknown)(self, ...args)));
  });
});

it('types follow the elements', () => {
  const big = tensor([3n, 1n]);
  expectTypeOf(big.sort()).toEqualTypeOf<Tensor<bigint>>();
  expectTypeOf(big.argsort()).toEqualTypeOf<Tensor>();
  expectTypeOf(x.isinf()).toEqualTypeOf<Tensor<boolean>>();
  expectTypeOf(x.saturateCast('int64')).toEqualTypeOf<Tensor<bigint>>();
  expect(big.sort().array()).toEqual([1n, 3n]);
});
