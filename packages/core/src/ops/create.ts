import {checkDType, type DType, type Element, type ElementOf, misfit} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {symbolicTensor} from '../engine/hidden.js';
import * as movement from '../primitives/movement.js';
import {checkShape, concrete} from '../shape.js';
import {convert, full as constant} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {checkOptions, describe} from '../suggest.js';
import {type AnyTensorLike, castTo, toFloatPair, toTensor} from './convert.js';
import {equal} from './elementwise.js';

function filled<D extends DType>(
  op: string,
  shape: readonly number[],
  value: Element,
  dtype: D | undefined,
): Tensor<ElementOf<D>> {
  if (typeof value !== 'number') {
    const one = convert<ElementOf<D>>(value as ElementOf<D>, dtype, op);
    return apply(movement.broadcastTo, [one], {shape: checkShape(op, shape)}, op);
  }
  const target = checkDType(op, dtype ?? floatx());
  const problem = misfit(value, target);
  if (problem !== undefined) throw new DtypeError(`${op}: ${String(value)} ${problem}, which ${target} needs`);
  return constant<ElementOf<D>>(checkShape(op, shape), value, target);
}

/** Zeros; they take no memory until something needs it. */
export function zeros<D extends DType = 'float32'>(shape: readonly number[], dtype?: D): Tensor<ElementOf<D>> {
  return filled('zeros', shape, 0, dtype);
}

/** Ones; they take no memory until something needs it. */
export function ones<D extends DType = 'float32'>(shape: readonly number[], dtype?: D): Tensor<ElementOf<D>> {
  return filled('ones', shape, 1, dtype);
}

/** One value throughout; a text gives a string tensor. */
export function full(shape: readonly number[], fillValue: string): Tensor<string>;
export function full<D extends DType = 'float32'>(
  shape: readonly number[],
  fillValue: number | bigint | boolean,
  dtype?: D,
): Tensor<ElementOf<D>>;
export function full(shape: readonly number[], fillValue: Element, dtype?: DType): Tensor<Element> {
  return filled('full', shape, fillValue, dtype);
}

function filledLike(op: string, x: AnyTensorLike, value: Element, dtype: DType | undefined): Tensor {
  const {shape, dtype: own, symbolic} = toTensor<Element>(x, op);
  if (symbolic) return symbolicTensor({shape, dtype: checkDType(op, dtype ?? own)});
  return filled(op, concrete(shape), value, dtype ?? own) as Tensor;
}

/** Zeros in the shape and dtype of x. */
export function zerosLike(x: AnyTensorLike, dtype?: DType): Tensor {
  return filledLike('zerosLike', x, 0, dtype);
}

/** Ones in the shape and dtype of x. */
export function onesLike(x: AnyTensorLike, dtype?: DType): Tensor {
  return filledLike('onesLike', x, 1, dtype);
}

/** One value throughout, in the shape and dtype of x. */
export function fullLike(x: AnyTensorLike, fillValue: Element, dtype?: DType): Tensor {
  return filledLike('fullLike', x, fillValue, dtype);
}

/** start, start + step, ... below stop; with one argument from 0. int32 for whole numbers, else float32. */
export function arange(start: number, stop?: number, step = 1, dtype?: DType): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new ValueError(
      `arange: finite bounds and a step other than 0 are needed, got ${String(from)}, ${String(to)}, ${String(step)}`,
    );
  }
  const whole = [from, to, step].every(Number.isInteger);
  const count = Math.max(Math.ceil((to - from) / step), 0);
  const target = checkDType('arange', dtype ?? (whole ? 'int32' : floatx()));
  return apply(movement.range, [], {start: from, step, count, dtype: target}, 'arange');
}

/** The numbers 0 to stop - 1, or start to stop - 1, as int32. */
export function range(start: number, stop?: number, step = 1): Tensor {
  return arange(start, stop, step);
}

/** Nothing is promised about the values: they are zeros. */
export const empty = zeros;
/** A tensor of the shape and dtype of x; its elements are zeros here. */
export const emptyLike = zerosLike;

export interface SpaceOptions {
  /** Whether the last value is `stop`. Default true. */
  endpoint?: boolean | undefined;
  /** Default: that of tensors given, else floatx. */
  dtype?: DType | undefined;
  /** Where the new axis is, if start or stop are tensors. Default 0. */
  axis?: number | undefined;
}

/** `num` equal steps from start to stop, which is included unless `endpoint` is false. */
export function linspace(start: AnyTensorLike, stop: AnyTensorLike, num = 50, options: SpaceOptions = {}): Tensor {
  checkOptions('linspace', options, ['endpoint', 'dtype', 'axis']);
  if (!Number.isInteger(num) || num < 0) {
    throw new ValueError(`linspace: num must be a non-negative integer, got ${String(num)}`);
  }
  const {endpoint = true, axis = 0} = options;
  const parts = Math.max(endpoint ? num - 1 : num, 1);
  if (typeof start === 'number' && typeof stop === 'number') {
    const step = (stop - start) / parts;
    const values: Tensor = apply(movement.range, [], {start, step, count: num, dtype: 'float64'}, 'linspace');
    return castTo(values, options.dtype ?? floatx());
  }
  const [from, to] = toFloatPair(start, stop, 'linspace');
  const delta = to.sub(from);
  const at = axis < 0 ? axis + delta.ndim + 1 : axis;
  const list = castTo(arange(num), from.dtype).div(parts);
  const places = list.reshape(Array.from({length: delta.ndim + 1}, (_, i) => (i === at ? num : 1)));
  const values = delta.expandDims(at).mul(places).add(from.broadcastTo(delta.shape).expandDims(at));
  return castTo(values, options.dtype ?? from.dtype);
}

/** Powers of a base whose exponents are `num` equal steps. */
export function logspace(
  start: AnyTensorLike,
  stop: AnyTensorLike,
  num = 50,
  options: SpaceOptions & {base?: number | undefined} = {},
): Tensor {
  const {base = 10, dtype, ...rest} = options;
  const exponents = linspace(start, stop, num, {...rest, dtype: 'float64'});
  const powers = exponents.mul(Math.log(base)).exp();
  return castTo(powers, dtype ?? floatx());
}

/** `num` values from start to stop with one factor between neighbours. Both have one sign and are not 0. */
export function geomspace(start: number, stop: number, num = 50, options: SpaceOptions = {}): Tensor {
  if (start === 0 || stop === 0 || start > 0 !== stop > 0) {
    throw new ValueError(
      `geomspace: start and stop must have one sign and not be 0, got ${String(start)} and ${String(stop)}`,
    );
  }
  const powers = logspace(Math.log10(Math.abs(start)), Math.log10(Math.abs(stop)), num, {...options, dtype: 'float64'});
  return castTo(powers.mul(Math.sign(start)), options.dtype ?? floatx());
}

/** Ones on a diagonal, zeros elsewhere. */
export function eye(
  n: number,
  m: number = n,
  options: {k?: number | undefined; dtype?: DType | undefined} = {},
): Tensor {
  if (![n, m].every((size) => Number.isInteger(size) && size >= 0)) {
    throw new ValueError(`eye: n and m must be non-negative integers, got ${describe(n)} and ${describe(m)}`);
  }
  const rows: Tensor = arange(n).reshape([n, 1]);
  const columns: Tensor = arange(m).reshape([1, m]);
  return castTo(equal(columns.sub(options.k ?? 0), rows), options.dtype ?? floatx());
}

/** The matrix with n rows that has ones on the diagonal and zeros elsewhere. */
export const identity = (n: number, dtype?: DType): Tensor => eye(n, n, {dtype});
