import {isFloating} from '../dtype.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';
import {cumprod, cumsum, type CumulativeOptions} from './cumulative.js';
import {isnan, where} from './elementwise.js';
import {all, argmax, argmin, type Axis, axisOptions, max, min, prod, sum} from './reduction.js';
import {type QuantileOptions, quantilesOf} from './statistics.js';

// Reductions that leave NaN out.

const filled = (x: AnyTensorLike, value: number, op: string): Tensor => {
  const given: Tensor = toTensor(x, op);
  return isFloating(given.dtype) ? where(isnan(given), value, given) : given;
};

/** Sum over axes without NaN. */
export const nansum = (x: AnyTensorLike, axis?: Axis): Tensor => sum(filled(x, 0, 'nansum'), axis);

/** Product over axes without NaN. */
export const nanprod = (x: AnyTensorLike, axis?: Axis): Tensor => prod(filled(x, 1, 'nanprod'), axis);

function extreme(x: AnyTensorLike, axis: Axis, reduce: typeof max, start: number, op: string): Tensor {
  const value: Tensor = toTensor(x, op);
  if (!isFloating(value.dtype)) return reduce(value, axis);
  // Where there is nothing else the result is NaN.
  return where(all(isnan(value), axis), Number.NaN, reduce(filled(value, start, op), axis));
}

/** Largest element over axes without NaN; NaN where there is nothing else. */
export const nanmax = (x: AnyTensorLike, axis?: Axis): Tensor => extreme(x, axis, max, -Infinity, 'nanmax');

/** Smallest element over axes without NaN; NaN where there is nothing else. */
export const nanmin = (x: AnyTensorLike, axis?: Axis): Tensor => extreme(x, axis, min, Infinity, 'nanmin');

const counted = (x: Tensor, axis: Axis): Tensor => sum(castTo(isnan(x).logicalNot(), x.dtype), axis);

/** Mean over axes without NaN. */
export function nanmean(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toFloat(x, 'nanmean');
  return nansum(value, axis).div(counted(value, axis));
}

/** Population variance over axes without NaN. */
export function nanvar(x: AnyTensorLike, axis?: Axis): Tensor {
  const value = toFloat(x, 'nanvar');
  const center = nanmean(value, {axis: axisOptions('nanvar', axis).axis, keepdims: true});
  const part = where(isnan(value), 0, value.sub(center));
  return sum(part.square(), axis).div(counted(value, axis));
}

/** Square root of {@link nanvar}. */
export const nanstd = (x: AnyTensorLike, axis?: Axis): Tensor => nanvar(x, axis).sqrt();

function extremeIndex(x: AnyTensorLike, axis: Axis, find: typeof argmax, start: number, op: string): Tensor {
  const value: Tensor = toTensor(x, op);
  if (!isFloating(value.dtype)) return find(value, axis);
  // -1 where there is nothing else.
  return where(all(isnan(value), axis), -1, find(filled(value, start, op), axis));
}

/** Index of the largest element without NaN (int32); -1 where there is nothing else. */
export const nanargmax = (x: AnyTensorLike, axis?: Axis): Tensor =>
  extremeIndex(x, axis, argmax, -Infinity, 'nanargmax');

/** Index of the smallest element without NaN (int32); -1 where there is nothing else. */
export const nanargmin = (x: AnyTensorLike, axis?: Axis): Tensor =>
  extremeIndex(x, axis, argmin, Infinity, 'nanargmin');

/** Running sums in which NaN counts as 0. */
export const nancumsum = (x: AnyTensorLike, axis?: number | CumulativeOptions | null): Tensor =>
  cumsum(filled(x, 0, 'nancumsum'), axis);

/** Running products in which NaN counts as 1. */
export const nancumprod = (x: AnyTensorLike, axis?: number | CumulativeOptions | null): Tensor =>
  cumprod(filled(x, 1, 'nancumprod'), axis);

/** The middle element without NaN. */
export const nanmedian = (x: AnyTensorLike, axis?: Axis): Tensor => quantilesOf(x, 0.5, axis, 'nanmedian', true);

/** Quantiles without NaN. */
export const nanquantile = (x: AnyTensorLike, q: AnyTensorLike, axis?: Axis | QuantileOptions): Tensor =>
  quantilesOf(x, q, axis, 'nanquantile', true);

/** {@link nanquantile} with q in percent. */
export const nanpercentile = (x: AnyTensorLike, q: AnyTensorLike, axis?: Axis | QuantileOptions): Tensor =>
  quantilesOf(x, toFloat(q, 'nanpercentile').div(100), axis, 'nanpercentile', true);
