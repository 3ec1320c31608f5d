import {checkDType, type DType, type Element, type ElementOf, misfit} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as movement from '../primitives/movement.js';
import {checkShape, concrete} from '../shape.js';
import {full as constant} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';
import {equal} from './elementwise.js';

function filled<D extends DType>(
  op: string,
  shape: readonly number[],
  value: number,
  dtype: D | undefined,
): Tensor<ElementOf<D>> {
  const target = checkDType(op, dtype ?? floatx());
  const problem = misfit(value, target);
  if (problem !== undefined) throw new DtypeError(`${op}: ${String(value)} ${problem}, which ${target} needs`);
  return constant<ElementOf<D>>(checkShape(op, shape), value, target);
}

/** Zeros; they take no memory until something needs it. */
export function zeros<D extends DType = 'float32'>(shape: readonly number[], dtype?: D): Tensor<ElementOf<D>> {
  return filled('zeros', shape, 0, dtype);
}

export function ones<D extends DType = 'float32'>(shape: readonly number[], dtype?: D): Tensor<ElementOf<D>> {
  return filled('ones', shape, 1, dtype);
}

/** One value throughout. */
export function full<D extends DType = 'float32'>(
  shape: readonly number[],
  fillValue: number,
  dtype?: D,
): Tensor<ElementOf<D>> {
  return filled('full', shape, fillValue, dtype);
}

export function zerosLike(x: AnyTensorLike, dtype?: DType): Tensor {
  const {shape, dtype: own} = toTensor<Element>(x, 'zerosLike');
  return constant(concrete(shape), 0, dtype ?? own);
}

export function onesLike(x: AnyTensorLike, dtype?: DType): Tensor {
  const {shape, dtype: own} = toTensor<Element>(x, 'onesLike');
  return constant(concrete(shape), 1, dtype ?? own);
}

export function fullLike(x: AnyTensorLike, fillValue: number, dtype?: DType): Tensor {
  const {shape, dtype: own} = toTensor<Element>(x, 'fullLike');
  return constant(concrete(shape), fillValue, dtype ?? own);
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

/** `num` equal steps from start to stop, which is included unless `endpoint` is false. */
export function linspace(
  start: number,
  stop: number,
  num = 50,
  options: {endpoint?: boolean | undefined; dtype?: DType | undefined} = {},
): Tensor {
  const {endpoint = true, dtype = floatx()} = options;
  const step = (stop - start) / Math.max(endpoint ? num - 1 : num, 1);
  return castTo(apply(movement.range, [], {start, step, count: num, dtype: 'float64'}, 'linspace'), dtype);
}

/** Ones on a diagonal, zeros elsewhere. */
export function eye(
  n: number,
  m: number = n,
  options: {k?: number | undefined; dtype?: DType | undefined} = {},
): Tensor {
  const rows: Tensor = arange(n).reshape([n, 1]);
  const columns: Tensor = arange(m).reshape([1, m]);
  return castTo(equal(columns.sub(options.k ?? 0), rows), options.dtype ?? floatx());
}

export const identity = (n: number, dtype?: DType): Tensor => eye(n, n, {dtype});
