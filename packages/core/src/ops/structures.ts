import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {symbolicTensor} from '../engine/hidden.js';
import {sameShape, show} from '../shape.js';
import {flattenStructure, isPlainObject, mapStructure} from '../structure.js';
import {describe} from '../suggest.js';
import {convertLike, full} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {stack, unstack} from './shape.js';

// Lists and dictionaries of tensors, for the operations that take functions.

type Leaf = Tensor<Element>;

/** Refuses what cannot be called. */
export function checkFunction(op: string, name: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new ValueError(`${op}: ${name} must be a function, got ${describe(fn)}`);
}

/** Every leaf as a tensor. */
export function tensorsOf<T>(op: string, value: T): T {
  return mapStructure(value, (leaf) => toTensor<Element>(leaf as AnyTensorLike, op)) as T;
}

/** The form of a structure, for comparison and messages: `[*, {a: *}]`. */
function formOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formOf).join(', ')}]`;
  if (!isPlainObject(value)) return '*';
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${key}: ${formOf(value[key])}`).join(', ')}}`;
}

/**
 * A structure that must be like another one: of its form, with its shapes and dtypes. Plain numbers take the dtype.
 * @param what names it in messages
 */
export function like<T>(op: string, what: string, value: unknown, model: T): T {
  if (formOf(value) !== formOf(model)) {
    throw new ValueError(`${op}: ${what} must have the form ${formOf(model)}, got ${formOf(value)}`);
  }
  const leaves = flattenStructure(model) as Leaf[];
  const made = flattenStructure(value).map((leaf, i) => {
    const wanted = leaves[i];
    if (wanted === undefined) return toTensor<Element>(leaf as AnyTensorLike, op);
    const given = convertLike(leaf, wanted.dtype, op);
    const fits = given.ndim === wanted.ndim && given.shape.every((n, axis) => agree(n, wanted.shape[axis] ?? null));
    if (!fits || given.dtype !== wanted.dtype) {
      throw new ShapeError(
        `${op}: ${what} must keep shape and dtype: ${wanted.dtype} ${show(wanted.shape)}, got ${given.dtype} ${show(given.shape)}`,
      );
    }
    return given;
  });
  return packLike(model, made) as T;
}

const agree = (a: number | null, b: number | null): boolean => a === b || a === null || b === null;

/** Whether two structures have the same lists and dictionaries. */
export const sameForm = (a: unknown, b: unknown): boolean => formOf(a) === formOf(b);

/** Leaves, in the order of `flattenStructure`, in the form of another structure. */
export function packLike(model: unknown, leaves: readonly unknown[]): unknown {
  let next = 0;
  const pack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(pack);
    if (!isPlainObject(value)) return leaves[next++];
    const packed: Record<string, unknown> = {};
    for (const key of Object.keys(value).sort()) packed[key] = pack(value[key]);
    return Object.fromEntries(Object.keys(value).map((key) => [key, packed[key]]));
  };
  return pack(model);
}

/** The size that an axis has in all leaves. */
export function commonSize(op: string, name: string, value: unknown, axis = 0): number {
  const leaves = flattenStructure(value) as Leaf[];
  const [first] = leaves;
  if (first === undefined) throw new ValueError(`${op}: ${name} must hold at least one tensor, got ${describe(value)}`);
  const short = leaves.find((leaf) => leaf.ndim === 0 || axis >= leaf.ndim || axis < -leaf.ndim);
  if (short !== undefined) {
    throw new ShapeError(`${op}: ${name} must have axis ${String(axis)}, got shape ${show(short.shape)}`);
  }
  const odd = leaves.find((leaf) => leaf.dim(axis) !== first.dim(axis));
  if (odd !== undefined) {
    throw new ShapeError(
      `${op}: ${name} must have one size along axis ${String(axis)}, got shapes ${show(first.shape)} and ${show(odd.shape)}`,
    );
  }
  return first.dim(axis);
}

/** The entries of a structure along the first axis of its leaves. */
export function entriesOf<T>(value: T, count: number): T[] {
  const parts = (flattenStructure(value) as Tensor[]).map((leaf) => unstack(leaf, 0));
  return Array.from(
    {length: count},
    (_, i) =>
      packLike(
        value,
        parts.map((list) => list[i]),
      ) as T,
  );
}

/** One structure of stacked leaves; null where the entries are. */
export function stacked<T>(op: string, what: string, entries: readonly T[]): T {
  const [first] = entries;
  if (first === undefined || first === null) return null as T;
  const model = tensorsOf(op, first);
  const lists = entries.map((entry, i) =>
    i === 0 ? flattenStructure(model) : flattenStructure(like(op, what, entry, model)),
  );
  const leaves = (lists[0] ?? []).map((_, k) => stack(lists.map((list) => list[k] as Tensor)));
  return packLike(model, leaves) as T;
}

/** What stacking no results gives: leaves of size 0, whose other axes and dtypes a call on symbols tells. */
export function noneOf<T>(result: T): T {
  if (result === null || result === undefined) return result;
  return mapStructure(result, (leaf) => {
    if (!isTensor(leaf)) return leaf;
    return full([0, ...leaf.shape.map((n) => n ?? 0)], 0, leaf.dtype);
  }) as T;
}

/** Symbols with the shapes (or those of an entry along the first axis) and dtypes of tensors. */
export function symbolsOf<T>(value: T, entry = false): T {
  return mapStructure(value, (leaf) =>
    isTensor(leaf) ? symbolicTensor({shape: entry ? leaf.shape.slice(1) : leaf.shape, dtype: leaf.dtype}) : leaf,
  ) as T;
}

/** Whether two structures have one form, with one shape and dtype in each place. */
export function sameSpecs(a: unknown, b: unknown): boolean {
  if (formOf(a) !== formOf(b)) return false;
  const others = flattenStructure(b);
  return flattenStructure(a).every((leaf, i) => {
    const other = others[i];
    if (!isTensor(leaf) || !isTensor(other)) return isTensor(leaf) === isTensor(other);
    return leaf.dtype === other.dtype && sameShape(leaf.shape, other.shape);
  });
}
