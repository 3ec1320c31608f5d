import {type DType, type Element} from '../dtype.js';
import {apply} from './dispatch.js';
import {
  add,
  divide,
  equal,
  floorDivide,
  minimum,
  mod,
  multiply,
  power as powerPrimitive,
  subtract,
} from '../primitives/binary.js';
import {cast} from '../primitives/cast.js';
import {sqrt} from '../primitives/unary.js';
import {full} from '../tensor/convert.js';
import {itemOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Primitive} from './primitive.js';
import {tracing} from './tracing.js';

/**
 * A number that changes from step to step, such as a learning rate: a JavaScript number, or a float64 tensor of one element in a
 * jitted function, where it is computed at every run. Both are calculated in double precision.
 */
export type Amount = number | Tensor;

/** The one element of a tensor. */
export function amountOf(x: Tensor<Element>): Amount {
  return tracing === null ? Number(itemOf(x)) : apply<{dtype: DType}>(cast, [x], {dtype: 'float64'});
}

const tensorOf = (amount: Amount): Tensor => (typeof amount === 'number' ? full([], amount, 'float64') : amount);

const binary =
  (numbers: (a: number, b: number) => number, primitive: Primitive) =>
  (a: Amount, b: Amount): Amount =>
    typeof a === 'number' && typeof b === 'number'
      ? numbers(a, b)
      : apply(primitive, [tensorOf(a), tensorOf(b)], undefined);

export const plus = binary((a, b) => a + b, add);
export const minus = binary((a, b) => a - b, subtract);
export const times = binary((a, b) => a * b, multiply);
export const over = binary((a, b) => a / b, divide);
export const wholeOver = binary((a, b) => Math.floor(a / b), floorDivide);
export const power = binary((a, b) => a ** b, powerPrimitive);
export const smaller = binary((a, b) => Math.min(a, b), minimum);

export const rootOf = (a: Amount): Amount => (typeof a === 'number' ? Math.sqrt(a) : apply(sqrt, [a], undefined));

/** As float32 holds it, for the steps of float32 variables; other dtypes take it as it is. */
export function rounded(a: Amount, dtype: DType): Amount {
  if (dtype !== 'float32') return a;
  if (typeof a === 'number') return Math.fround(a);
  return apply<{dtype: DType}>(cast, [apply<{dtype: DType}>(cast, [a], {dtype})], {dtype: 'float64'});
}

/** Whether it is a number; in a jitted function, one program follows for each answer. */
export const isEqual = (a: Amount, b: number): boolean =>
  typeof a === 'number' ? a === b : Boolean(itemOf(apply(equal, [a, tensorOf(b)], undefined)));

/** Whether it is a multiple of a number. */
export const isMultiple = (a: Amount, n: number): boolean =>
  typeof a === 'number' ? a % n === 0 : isEqual(apply(mod, [a, tensorOf(n)], undefined), 0);

/** As a scalar tensor of a dtype. */
export function scalarOf(a: Amount, dtype: DType): Tensor {
  return typeof a === 'number' ? full([], a, dtype) : apply<{dtype: DType}>(cast, [a], {dtype});
}
