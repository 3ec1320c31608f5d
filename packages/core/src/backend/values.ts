import {type DType, type Element} from '../dtype.js';
import {floatx} from '../config.js';
import {ValueError} from '../errors.js';
import * as random from '../random/index.js';
import {type SeedGenerator} from '../random/seed.js';
import {type Shape} from '../shape.js';
import {describe} from '../suggest.js';
import {type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type AnyTensorLike, toTensor} from '../ops/convert.js';
import {ops} from '../ops/recorded.js';

// Making, reading and writing values.

/** A tensor of a value, of floatx where no dtype is given. */
export function constant(
  value: AnyTensorLike,
  dtype?: DType | null,
  options: {shape?: readonly number[] | undefined} = {},
): Tensor {
  const made: Tensor = ops.cast(value, dtype ?? floatx());
  if (options.shape === undefined) return made;
  return made.size === 1 ? ops.broadcastTo(made.reshape([]), options.shape) : made.reshape(options.shape);
}

/** A Variable of a value, of floatx where no dtype is given. */
export function variable(
  value: AnyTensorLike,
  dtype?: DType | null,
  options: {name?: string | undefined} = {},
): Variable {
  return new Variable(constant(value, dtype), options);
}

/** The values in floatx. */
export const castToFloatx = (x: AnyTensorLike): Tensor => ops.cast(x, floatx());

/** Sizes of the axes; null where one is open. */
export const intShape = (x: AnyTensorLike): Shape => toTensor<Element>(x, 'intShape').shape;

/** Number of elements. */
export const countParams = (x: AnyTensorLike): number => toTensor<Element>(x, 'countParams').size;

/** What a Variable holds now. */
export const getValue = (x: AnyTensorLike): Tensor => ops.copy(x);
export {getValue as eval};

export const batchGetValue = (xs: readonly AnyTensorLike[]): Tensor[] => xs.map(getValue);

function checkVariable(op: string, x: unknown): void {
  if (!(x instanceof Variable)) throw new ValueError(`${op}: a Variable is needed, got ${describe(x)}`);
}

/** Gives a Variable another value. */
export function update(x: Variable, newX: TensorLike): Variable {
  checkVariable('update', x);
  return x.assign(newX);
}

export function setValue(x: Variable, value: TensorLike): void {
  checkVariable('setValue', x);
  x.assign(value);
}

export function batchSetValue(pairs: readonly (readonly [Variable, TensorLike])[]): void {
  for (const [x] of pairs) checkVariable('batchSetValue', x);
  for (const [x, value] of pairs) x.assign(value);
}

export function updateAdd(x: Variable, increment: TensorLike): Variable {
  checkVariable('updateAdd', x);
  return x.assignAdd(increment);
}

export function updateSub(x: Variable, decrement: TensorLike): Variable {
  checkVariable('updateSub', x);
  return x.assignSub(decrement);
}

/** x momentum + value (1 - momentum) becomes the Variable's value. */
export function movingAverageUpdate(x: Variable, value: TensorLike, momentum: number): Variable {
  checkVariable('movingAverageUpdate', x);
  return x.assign(ops.add(x.mul(momentum), ops.multiply(value, 1 - momentum)));
}

/** Dtype and seed of what is drawn. */
export interface Draw {
  readonly dtype?: 'float32' | 'float64' | undefined;
  readonly seed?: number | SeedGenerator | undefined;
}

export const randomNormal = (
  shape: readonly number[],
  options: Draw & {mean?: number | undefined; stddev?: number | undefined} = {},
): Tensor => random.normal(shape, options);

export const truncatedNormal = (
  shape: readonly number[],
  options: Draw & {mean?: number | undefined; stddev?: number | undefined} = {},
): Tensor => random.truncatedNormal(shape, options);

export const randomUniform = (
  shape: readonly number[],
  options: Draw & {minval?: number | undefined; maxval?: number | undefined} = {},
): Tensor => random.uniform(shape, options);

/** 1 with probability p (0 by default), else 0. */
export const randomBernoulli = (shape: readonly number[], options: Draw & {p?: number | undefined} = {}): Tensor => {
  const {p = 0, ...rest} = options;
  const drawn = random.uniform(shape, rest);
  return ops.cast(ops.less(drawn, p), rest.dtype ?? floatx());
};

export const randomNormalVariable = (
  shape: readonly number[],
  mean: number,
  scale: number,
  options: Draw & {name?: string | undefined} = {},
): Variable => {
  const {name, ...rest} = options;
  return new Variable(random.normal(shape, {...rest, mean, stddev: scale}), {name});
};

export const randomUniformVariable = (
  shape: readonly number[],
  low: number,
  high: number,
  options: Draw & {name?: string | undefined} = {},
): Variable => {
  const {name, ...rest} = options;
  return new Variable(random.uniform(shape, {...rest, minval: low, maxval: high}), {name});
};
