import {type DType, type Element} from '../dtype.js';
import {floatx} from '../config.js';
import {ShapeError, ValueError} from '../errors.js';
import {checkAxis, show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toPair, toTensor} from './convert.js';
import {where} from './elementwise.js';
import {arange} from './create.js';
import {part} from './cumulative.js';
import {checkList} from './lists.js';
import {concatenate, expandDims, flip, moveaxis, pad, ravel, split, swapaxes} from './shape.js';

// Rearranging elements: joining, splitting, turning, diagonals.

/** Joins two tensors along an axis; flattened without one. */
export function append(a: AnyTensorLike, b: AnyTensorLike, axis?: number | null): Tensor {
  const [x, y] = toPair(a, b, 'append');
  if (axis === undefined || axis === null) return concatenate([x.reshape([-1]), y.reshape([-1])], 0);
  return concatenate([x, y], axis);
}

function atLeast3D(x: AnyTensorLike): Tensor {
  const value: Tensor = toTensor(x, 'dstack');
  if (value.ndim === 0) return value.reshape([1, 1, 1]);
  if (value.ndim === 1) return value.reshape([1, -1, 1]);
  return value.ndim === 2 ? expandDims(value, 2) : value;
}

/** Joins along the third axis; lower ranks are given one. */
export function dstack(xs: readonly AnyTensorLike[]): Tensor {
  checkList('dstack', 'xs', xs);
  return concatenate(xs.map(atLeast3D), 2);
}

/** Joins along the second axis; rank 1 becomes columns. */
export function columnStack(xs: readonly AnyTensorLike[]): Tensor {
  checkList('columnStack', 'xs', xs);
  const columns = xs.map((x): Tensor => {
    const value: Tensor = toTensor(x, 'columnStack');
    return value.ndim < 2 ? value.reshape([-1, 1]) : value;
  });
  return concatenate(columns, 1);
}

/** Parts of sizes that differ by 1 at most (a number), or that end at the indices given. */
export function arraySplit(x: AnyTensorLike, indicesOrSections: number | readonly number[], axis = 0): Tensor[] {
  const value: Tensor = toTensor(x, 'arraySplit');
  if (typeof indicesOrSections !== 'number') return split(value, indicesOrSections, axis);
  if (!Number.isInteger(indicesOrSections) || indicesOrSections < 1) {
    throw new ValueError(`arraySplit: the number of parts must be positive, got ${String(indicesOrSections)}`);
  }
  const n = value.dim(axis);
  const small = Math.floor(n / indicesOrSections);
  const larger = n % indicesOrSections;
  const ends = Array.from({length: indicesOrSections - 1}, (_, i) => (i + 1) * small + Math.min(i + 1, larger));
  return split(value, ends, axis);
}

/** {@link split} along the second axis; along the first for rank 1. */
export function hsplit(x: AnyTensorLike, indicesOrSections: number | readonly number[]): Tensor[] {
  const value: Tensor = toTensor(x, 'hsplit');
  return split(value, indicesOrSections, value.ndim === 1 ? 0 : 1);
}

/** {@link split} along the first axis. */
export function vsplit(x: AnyTensorLike, indicesOrSections: number | readonly number[]): Tensor[] {
  return split(x, indicesOrSections, 0);
}

/** {@link split} along the third axis. */
export function dsplit(x: AnyTensorLike, indicesOrSections: number | readonly number[]): Tensor[] {
  return split(x, indicesOrSections, 2);
}

/** Elements moved along axes; what leaves at the end comes in at the start. Without axes of the flattened tensor. */
export function roll(
  x: AnyTensorLike,
  shift: number | readonly number[],
  axis?: number | readonly number[] | null,
): Tensor {
  const value: Tensor = toTensor(x, 'roll');
  const shifts = [shift].flat();
  if (axis === undefined || axis === null) {
    const flat = roll(
      value.reshape([-1]),
      shifts.reduce((a, b) => a + b, 0),
      0,
    );
    return flat.reshape(value.shape.map((n) => n ?? -1));
  }
  const axes = [axis].flat().map((a) => checkAxis('roll', a, value.ndim));
  if (shifts.length !== axes.length && shifts.length !== 1) {
    throw new ShapeError(`roll: as many shifts as axes are needed, got ${describe(shift)} and ${describe(axis)}`);
  }
  return axes.reduce<Tensor>((rolled, at, i) => {
    const n = rolled.dim(at);
    const by = (((shifts[i] ?? shifts[0] ?? 0) % n) + n) % n;
    if (n === 0 || by === 0) return rolled;
    return concatenate([part(rolled, at, n - by, by), part(rolled, at, 0, n - by)], at);
  }, value);
}

/** Columns in reverse order. */
export const fliplr = (x: AnyTensorLike): Tensor => flip(x, 1);

/** Rows in reverse order. */
export const flipud = (x: AnyTensorLike): Tensor => flip(x, 0);

/** Turned by k quarters, from the first axis towards the second. */
export function rot90(
  x: AnyTensorLike,
  options: {k?: number | undefined; axes?: readonly [number, number] | undefined} = {},
): Tensor {
  checkOptions('rot90', options, ['k', 'axes']);
  const value: Tensor = toTensor(x, 'rot90');
  const {k = 1, axes = [0, 1]} = options;
  const [a, b] = [checkAxis('rot90', axes[0], value.ndim), checkAxis('rot90', axes[1], value.ndim)];
  if (a === b) throw new ShapeError(`rot90: two different axes are needed, got ${describe(axes)}`);
  switch (((k % 4) + 4) % 4) {
    case 1:
      return flip(swapaxes(value, a, b), a);
    case 2:
      return flip(value, [a, b]);
    case 3:
      return swapaxes(flip(value, a), a, b);
    default:
      return value;
  }
}

export interface DiagonalOptions {
  /** Above (positive) or below the main diagonal. Default 0. */
  offset?: number | undefined;
  /** The axes of the matrices. Default 0 and 1. */
  axis1?: number | undefined;
  axis2?: number | undefined;
}

/** The diagonals of matrices, as the last axis. */
export function diagonal(x: AnyTensorLike, options: DiagonalOptions = {}): Tensor {
  checkOptions('diagonal', options, ['offset', 'axis1', 'axis2']);
  const given: Tensor = toTensor(x, 'diagonal');
  if (given.ndim < 2) throw new ShapeError(`diagonal: x must have rank 2 or more, got shape ${show(given.shape)}`);
  const {offset = 0, axis1 = 0, axis2 = 1} = options;
  const value = moveaxis(given, [axis1, axis2], [-2, -1]);
  const [rows, columns] = [value.dim(-2), value.dim(-1)];
  const count = Math.max(Math.min(offset < 0 ? rows + offset : rows, offset > 0 ? columns - offset : columns), 0);
  const first = offset < 0 ? -offset * columns : offset;
  const places = arange(count)
    .mul(columns + 1)
    .add(first);
  const outer = value.shape.slice(0, -2).map((n) => n ?? -1);
  return value.reshape([...outer, rows * columns]).take(places, value.ndim - 2);
}

/** The sum of a diagonal. */
export function trace(x: AnyTensorLike, options: DiagonalOptions = {}): Tensor {
  const value = diagonal(x, options);
  return value.sum(-1);
}

/** A matrix with the elements on a diagonal, zeros elsewhere. */
export function diagflat(x: AnyTensorLike, k = 0): Tensor {
  const flat = ravel(x);
  if (!Number.isInteger(k)) throw new ValueError(`diagflat: k must be an integer, got ${describe(k)}`);
  const n = flat.dim(0);
  // Each row is an element and n zeros: read with rows of n it makes a diagonal.
  const rows = pad(flat.reshape([-1, 1]), [
    [0, 0],
    [0, n],
  ]);
  const square = part(rows.reshape([-1]), 0, 0, n * n).reshape([n, n]);
  if (k === 0) return square;
  const before: readonly [number, number] = [Math.max(-k, 0), Math.max(k, 0)];
  return pad(square, [before, [Math.max(k, 0), Math.max(-k, 0)]]);
}

/** Of a vector the matrix with it on a diagonal; of a matrix that diagonal. */
export function diag(x: AnyTensorLike, k = 0): Tensor {
  const value: Tensor = toTensor(x, 'diag');
  if (!Number.isInteger(k)) throw new ValueError(`diag: k must be an integer, got ${describe(k)}`);
  if (value.ndim === 1) return diagflat(value, k);
  if (value.ndim === 2) return diagonal(value, {offset: k});
  throw new ShapeError(`diag: x must have rank 1 or 2, got shape ${show(value.shape)}`);
}

/** Whether column - row <= k. */
function lower(n: number, m: number, k: number): Tensor<boolean> {
  return arange(m)
    .reshape([1, m])
    .lessEqual(arange(n).add(k).reshape([n, 1]));
}

/** Ones on and below a diagonal, zeros above. */
export function tri(
  n: number,
  m: number | null = null,
  options: {k?: number | undefined; dtype?: DType | undefined} = {},
): Tensor {
  checkOptions('tri', options, ['k', 'dtype']);
  return castTo(lower(n, m ?? n, options.k ?? 0), options.dtype ?? floatx());
}

function triangle(x: AnyTensorLike, k: number, op: string, above: boolean): Tensor {
  const value: Tensor = toTensor(x, op);
  if (value.ndim < 2) throw new ShapeError(`${op}: x must have rank 2 or more, got shape ${show(value.shape)}`);
  const mask = lower(value.dim(-2), value.dim(-1), above ? k - 1 : k);
  const zero = value.dtype === 'bool' ? (toTensor<Element>(false, op) as Tensor) : 0;
  return above ? where(mask, zero, value) : where(mask, value, zero);
}

/** Zeros above diagonal k. */
export const tril = (x: AnyTensorLike, k = 0): Tensor => triangle(x, k, 'tril', false);

/** Zeros below diagonal k. */
export const triu = (x: AnyTensorLike, k = 0): Tensor => triangle(x, k, 'triu', true);

/** Lists repeated over a grid: one tensor for each, with an axis for each. `xy` swaps the first two axes. */
export function meshgrid(xs: readonly AnyTensorLike[], options: {indexing?: 'xy' | 'ij' | undefined} = {}): Tensor[] {
  checkOptions('meshgrid', options, ['indexing']);
  const {indexing = 'xy'} = options;
  checkChoice('meshgrid', 'indexing', indexing, ['xy', 'ij']);
  checkList('meshgrid', 'xs', xs);
  const lists = xs.map(ravel);
  const shape = lists.map((x) => x.dim(0));
  const grids = lists.map((x, i) => x.reshape(shape.map((n, j) => (i === j ? n : 1))).broadcastTo(shape));
  return indexing === 'xy' && lists.length > 1 ? grids.map((grid) => swapaxes(grid, 0, 1)) : grids;
}

/** Powers of each element: n columns, from the highest power to 0, or `increasing`. */
export function vander(
  x: AnyTensorLike,
  n: number | null = null,
  options: {increasing?: boolean | undefined} = {},
): Tensor {
  checkOptions('vander', options, ['increasing']);
  const value: Tensor = toTensor(x, 'vander');
  if (value.ndim !== 1) throw new ShapeError(`vander: x must have rank 1, got shape ${show(value.shape)}`);
  const count = n ?? value.dim(0);
  const powers: Tensor = castTo(arange(count), value.dtype);
  const ordered = options.increasing === true ? powers : flip(powers);
  return value.reshape([-1, 1]).pow(ordered.reshape([1, -1]));
}
