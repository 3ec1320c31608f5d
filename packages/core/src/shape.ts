import {ShapeError} from './errors.js';
import {describe} from './suggest.js';

/** Sizes of the axes; `null` where a symbolic tensor's size is open. */
export type Shape = readonly (number | null)[];

/** `(2,3)`, `(3,)`, `()`; open sizes are `None`, as Keras prints them. */
export function show(shape: Shape): string {
  const [first] = shape;
  if (shape.length === 1) return `(${String(first ?? 'None')},)`;
  return `(${shape.map((n) => (n === null ? 'None' : String(n))).join(',')})`;
}

/** The size of one axis (negative counts from the end); throws where it does not exist or is open. */
export function dim(shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (size === undefined) throw new ShapeError(`dim: axis ${String(axis)} does not exist in shape ${show(shape)}`);
  if (size === null) throw new ShapeError(`dim: axis ${String(axis)} of shape ${show(shape)} is open (null)`);
  return size;
}

export function isConcrete(shape: Shape): shape is readonly number[] {
  return !shape.includes(null);
}

/** The shape of a tensor that has a value. */
export function concrete(shape: Shape): readonly number[] {
  if (isConcrete(shape)) return shape;
  throw new ShapeError(`the shape ${show(shape)} has open sizes`);
}

/** Number of elements, or null where an axis is open. */
export function sizeOf(shape: Shape): number | null {
  let size = 1;
  for (const n of shape) {
    if (n === null) return null;
    size *= n;
  }
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Row-major strides in elements. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** The shape that operands broadcast to, or null where they do not. Open sizes broadcast with 1 and take a known size. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const result = new Array<number | null>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? (a[a.length - i] ?? null) : 1;
    const y = i <= b.length ? (b[b.length - i] ?? null) : 1;
    if (x === y || y === 1) result[rank - i] = x;
    else if (x === 1 || x === null) result[rank - i] = y;
    else if (y === null) result[rank - i] = x;
    else return null;
  }
  return result;
}

/** `axis` in [0, rank), or a sentence that names the function. */
export function checkAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis ${describe(axis)} does not exist in a tensor of rank ${String(rank)}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted distinct axes in [0, rank); all of them where `axes` is undefined or null. */
export function checkAxes(where: string, axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === undefined || axes === null) return Array.from({length: rank}, (_, i) => i);
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => checkAxis(where, axis, rank));
  const distinct = [...new Set(list)].sort((a, b) => a - b);
  if (distinct.length !== list.length) {
    throw new ShapeError(`${where}: axes [${list.join(', ')}] name one axis twice`);
  }
  return distinct;
}

/** A shape given by a user: non-negative integers. */
export function checkShape(where: string, shape: readonly number[]): readonly number[] {
  const list: unknown = shape;
  if (!Array.isArray(list) || shape.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ShapeError(`${where}: a shape is a list of non-negative integers, got ${describe(shape)}`);
  }
  return shape;
}
