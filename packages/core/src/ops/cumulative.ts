import {type DType, type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as cumulative from '../primitives/cumulative.js';
import * as movement from '../primitives/movement.js';
import {checkAxis} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';
import {notEqual} from './elementwise.js';

// Running sums and products, and differences.

export interface CumulativeOptions {
  /** Default: the flattened tensor. */
  axis?: number | null | undefined;
  /** The dtype to compute in. Default: the tensor's own, int32 for booleans. */
  dtype?: DType | undefined;
}

function running(
  primitive: typeof cumulative.cumsum,
  x: AnyTensorLike,
  axis: number | CumulativeOptions | null | undefined,
  op: string,
): Tensor {
  const options = typeof axis === 'object' && axis !== null ? axis : {axis};
  checkOptions(op, options, ['axis', 'dtype']);
  const given = toTensor<Element>(x, op);
  const value: Tensor = castTo(given, options.dtype ?? (given.dtype === 'bool' ? 'int32' : given.dtype), op);
  const at = options.axis ?? null;
  if (at === null) return apply(primitive, [value.reshape([-1])], {axis: 0, reverse: false}, op);
  return apply(primitive, [value], {axis: at, reverse: false}, op);
}

/** Running sums along an axis, of the flattened tensor without one. */
export function cumsum(x: AnyTensorLike, axis?: number | CumulativeOptions | null): Tensor {
  return running(cumulative.cumsum, x, axis, 'cumsum');
}

/** Running products along an axis, of the flattened tensor without one. */
export function cumprod(x: AnyTensorLike, axis?: number | CumulativeOptions | null): Tensor {
  return running(cumulative.cumprod, x, axis, 'cumprod');
}

/** The part of an axis from `start`, `size` long. */
export function part(x: Tensor, axis: number, start: number, size: number): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  // Other axes may be open.
  const sizes = x.shape.map((n, i) => (i === axis ? size : n));
  return apply(movement.slice, [x], {starts, sizes, steps: starts.map(() => 1)}, 'slice');
}

/** Differences of neighbours along an axis, `n` times. */
export function diff(x: AnyTensorLike, options: {n?: number | undefined; axis?: number | undefined} = {}): Tensor {
  checkOptions('diff', options, ['n', 'axis']);
  const {n = 1, axis = -1} = options;
  let value: Tensor = toTensor(x, 'diff');
  if (!Number.isInteger(n) || n < 0) throw new ValueError(`diff: n must be a non-negative integer, got ${String(n)}`);
  const at = checkAxis('diff', axis, value.ndim);
  for (let i = 0; i < n; i++) {
    const size = Math.max(value.dim(at) - 1, 0);
    const after = part(value, at, Math.min(1, value.dim(at)), size);
    const before = part(value, at, 0, size);
    value = value.dtype === 'bool' ? castTo(notEqual(after, before), 'bool') : after.sub(before);
  }
  return value;
}

/** The integral of samples by the trapezoidal rule; `x` has their positions, else they are `dx` apart. */
export function trapezoid(
  y: AnyTensorLike,
  x?: AnyTensorLike | null,
  options: {dx?: number | undefined; axis?: number | undefined} = {},
): Tensor {
  checkOptions('trapezoid', options, ['dx', 'axis']);
  const value = toFloat(y, 'trapezoid');
  const at = checkAxis('trapezoid', options.axis ?? -1, value.ndim);
  const n = value.dim(at);
  if (n < 1) throw new ShapeError('trapezoid: at least one sample is needed');
  const means = part(value, at, 1, n - 1)
    .add(part(value, at, 0, n - 1))
    .div(2);
  if (x === undefined || x === null) return means.mul(options.dx ?? 1).sum(at);
  const positions = castTo(toTensor<Element>(x, 'trapezoid'), value.dtype);
  const widths = diff(positions, {axis: positions.ndim === 1 ? 0 : at});
  const shaped = positions.ndim === 1 ? widths.reshape(value.shape.map((_, i) => (i === at ? n - 1 : 1))) : widths;
  return means.mul(shaped).sum(at);
}
