import {type DType, type Element, isComplex} from '../dtype.js';
import {apply} from '../engine/dispatch.js';
import {ValueError} from '../errors.js';
import {type Primitive} from '../engine/primitive.js';
import {asComplex} from '../primitives/complex.js';
import {reshape} from '../primitives/movement.js';
import * as reduction from '../primitives/reduction.js';
import {type ReductionAttributes} from '../primitives/rules.js';
import {checkAxes, type Shape} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {isfinite, where} from './elementwise.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';

/** Over which axes, and whether they stay with size 1. */
export interface ReduceOptions {
  /** One axis or several; negative counts from the end. Default: all. */
  axis?: number | readonly number[] | null | undefined;
  /** Default false. */
  keepdims?: boolean | undefined;
}

/** An axis, or options. */
export type Axis = number | readonly number[] | ReduceOptions | null | undefined;

/** Options from either form. */
export function axisOptions(op: string, axis: Axis): ReduceOptions {
  if (axis === null || axis === undefined || typeof axis === 'number' || isList(axis)) return {axis};
  checkOptions(op, axis, ['axis', 'keepdims'], {axes: 'axis', keepDims: 'keepdims'});
  return axis;
}

const isList = (axis: readonly number[] | ReduceOptions): axis is readonly number[] => Array.isArray(axis);

function dropAxes<E extends Element>(x: Tensor<E>, axes: readonly number[], shape: Shape): Tensor<E> {
  const kept = shape.filter((_, i) => !axes.includes(i));
  return apply<{shape: Shape}, E>(reshape, [x], {shape: openOnce(kept)});
}

// At most one open size can be left to reshape.
function openOnce(shape: Shape): Shape {
  return shape.filter((n) => n === null).length === 1 ? shape.map((n) => n ?? -1) : shape;
}

function reduce<E extends Element = number>(
  primitive: Primitive<ReductionAttributes>,
  x: Tensor<Element>,
  axis: Axis,
  op: string = primitive.name,
): Tensor<E> {
  const {axis: given, keepdims} = axisOptions(op, axis);
  const axes = checkAxes(op, given, x.ndim);
  const reduced = apply<ReductionAttributes, E>(primitive, [x], {axes}, op);
  return keepdims === true ? reduced : dropAxes(reduced, axes, x.shape);
}

// Small integers are summed in 32 bits, as in Keras.
const WIDER: Partial<Record<DType, DType>> = {
  bool: 'int32',
  int8: 'int32',
  int16: 'int32',
  uint8: 'uint32',
  uint16: 'uint32',
};

/** Sum over axes. Booleans and integers of 8 or 16 bits are summed as int32 or uint32. */
export function sum(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toTensor<Element>(x, 'sum');
  return reduce(reduction.sum, castTo(value, WIDER[value.dtype] ?? value.dtype), axis);
}

/** Mean over axes; integers become float32. NaN over no elements. */
export function mean(x: AnyTensorLike, axis?: Axis): Tensor {
  return reduce(reduction.mean, toFloat(x, 'mean'), axis);
}

export interface ExtremeOptions extends ReduceOptions {
  /** The result is at least (at most) this; axes without elements have it. Default: none. */
  initial?: number | null | undefined;
}

type ExtremeAxis = Axis | ExtremeOptions;

function extreme(primitive: typeof reduction.max, x: AnyTensorLike, axis: ExtremeAxis, op: 'max' | 'min'): Tensor {
  const value: Tensor = toTensor(x, op);
  // The largest of booleans is whether any is true.
  if (value.dtype === 'bool') return castTo(op === 'max' ? any(value, axis as Axis) : all(value, axis as Axis), 'bool');
  const given = axis !== null && typeof axis === 'object' && 'initial' in axis ? axis : null;
  if (given === null) return reduce(primitive, value, axis as Axis);
  checkOptions(op, given, ['axis', 'keepdims', 'initial']);
  const {initial, ...rest} = given;
  if (initial === undefined || initial === null) return reduce(primitive, value, rest);
  const start = toTensor(initial, op).cast(value.dtype) as Tensor;
  const none = checkAxes(op, rest.axis, value.ndim).some((at) => value.shape[at] === 0);
  if (none) return reduce(reduction.sum, value, rest).add(start);
  const found = reduce(primitive, value, rest);
  return op === 'max' ? found.maximum(start) : found.minimum(start);
}

/** Largest element over axes. */
export function max(x: AnyTensorLike, axis?: Axis | ExtremeOptions): Tensor {
  return extreme(reduction.max, x, axis, 'max');
}

/** Smallest element over axes. */
export function min(x: AnyTensorLike, axis?: Axis | ExtremeOptions): Tensor {
  return extreme(reduction.min, x, axis, 'min');
}

/** Product over axes, of small integers as of {@link sum}, or in the dtype given. */
export function prod(x: AnyTensorLike, axis?: Axis | (ReduceOptions & {dtype?: DType | undefined})): Tensor {
  const value = toTensor<Element>(x, 'prod');
  const given = axis !== null && typeof axis === 'object' && 'dtype' in axis ? axis : null;
  if (given !== null) checkOptions('prod', given, ['axis', 'keepdims', 'dtype']);
  const target = given?.dtype ?? WIDER[value.dtype] ?? value.dtype;
  const rest = given === null ? (axis as Axis) : {axis: given.axis, keepdims: given.keepdims};
  return reduce(reduction.prod, castTo(value, target), rest);
}

/** Whether any element is true. */
export function any(x: AnyTensorLike, axis?: Axis): Tensor<boolean> {
  return reduce<boolean>(reduction.any, castTo(toTensor<Element>(x, 'any'), 'bool'), axis);
}

/** Whether all elements are true. */
export function all(x: AnyTensorLike, axis?: Axis): Tensor<boolean> {
  return reduce<boolean>(reduction.all, castTo(toTensor<Element>(x, 'all'), 'bool'), axis);
}

/** Mean squared distance from the mean (population variance). */
export function variance(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toFloat(x, 'variance');
  const {axis: axes, keepdims} = axisOptions('variance', axis);
  const center = mean(value, {axis: axes, keepdims: true});
  const centered = value.sub(center);
  if (!isComplex(value.dtype)) return mean(centered.square(), {axis: axes, keepdims});
  // |x - center|^2, which stays complex, as in Keras.
  const squares = centered.real().square().add(centered.imag().square());
  return asComplex(mean(squares, {axis: axes, keepdims}));
}

/** Square root of the variance: a real number for complex ones. */
export function std(x: AnyTensorLike, axis?: Axis): Tensor {
  const spread = variance(x, axis);
  return spread.real().sqrt();
}

/** Mean and variance over `axes`. */
export function moments(
  x: AnyTensorLike,
  options: {axes: number | readonly number[]; keepdims?: boolean | undefined},
): [mean: Tensor, variance: Tensor] {
  const value = toFloat(x, 'moments');
  checkOptions('moments', options, ['axes', 'keepdims'], {axis: 'axes'});
  // From JavaScript nothing may come.
  const {axes: axis, keepdims} = (options as Partial<typeof options> | undefined) ?? {};
  if (axis === undefined) throw new ValueError('moments: axes must be given: {axes: -1}, or a list of axes');
  const center = mean(value, {axis, keepdims: true});
  const spread = mean(value.sub(center).square(), {axis, keepdims});
  const shown = keepdims === true ? center : dropAxes(center, checkAxes('moments', axis, value.ndim), value.shape);
  return [shown, spread];
}

/** log(sum(exp(x))), without overflow. */
export function logsumexp(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toFloat(x, 'logsumexp');
  const {axis: given, keepdims} = axisOptions('logsumexp', axis);
  const top = max(value, {axis: given, keepdims: true, initial: -Infinity});
  // An infinite maximum would give infinity - infinity.
  const finite = where(isfinite(top), top, 0);
  const total = value.sub(finite).exp().sum({axis: given, keepdims: true}).log().add(finite);
  return keepdims === true ? total : dropAxes(total, checkAxes('logsumexp', given, value.ndim), value.shape);
}

function extremeIndex(primitive: typeof reduction.argmax, x: AnyTensorLike, axis: Axis, op: string): Tensor {
  const {axis: given, keepdims} = axisOptions(op, axis);
  const value = toTensor<Element>(x, op);
  if (given === undefined || given === null) {
    const flat = apply<{shape: Shape}, Element>(reshape, [value], {shape: [-1]});
    const index = apply(primitive, [flat], {axis: 0}, op);
    return apply(reshape, [index], {shape: keepdims === true ? value.shape.map(() => 1) : []});
  }
  const [at = 0] = checkAxes(op, typeof given === 'number' ? given : (given[0] ?? 0), value.ndim);
  const index = apply(primitive, [value], {axis: at}, op);
  return keepdims === true ? index : dropAxes(index, [at], value.shape);
}

/** Index (int32) of the first maximum along an axis; of the flattened tensor without one. */
export const argmax = (x: AnyTensorLike, axis?: Axis): Tensor => extremeIndex(reduction.argmax, x, axis, 'argmax');

/** Index (int32) of the first minimum along an axis; of the flattened tensor without one. */
export const argmin = (x: AnyTensorLike, axis?: Axis): Tensor => extremeIndex(reduction.argmin, x, axis, 'argmin');

/** Number of elements that are not zero, as int32. */
export function countNonzero(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toTensor<Element>(x, 'countNonzero');
  return sum(castTo(castTo(value, 'bool'), 'int32'), axis);
}
