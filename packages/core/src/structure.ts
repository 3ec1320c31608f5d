import {type Element} from './dtype.js';
import {isTensor, type Tensor} from './tensor/tensor.js';

/** One value, or lists and dictionaries of structures: what models take and give. */
export type Structured<T> = T | readonly Structured<T>[] | {readonly [key: string]: Structured<T>};

/** Whether a value is a dictionary: an object literal, not an instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Applies `fn` to every leaf of nested lists and dictionaries; the containers are made anew. */
export function mapStructure(value: unknown, fn: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => mapStructure(entry, fn));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapStructure(entry, fn)]));
  }
  return fn(value);
}

/** The leaves in order; dictionaries by sorted key, as Keras flattens them. */
export function flattenStructure(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => flattenStructure(entry));
  if (isPlainObject(value)) {
    return Object.keys(value)
      .sort()
      .flatMap((key) => flattenStructure(value[key]));
  }
  return [value];
}

/** The tensors among the leaves. */
export function tensorsIn(value: unknown): Tensor<Element>[] {
  if (isTensor(value)) return [value];
  return flattenStructure(value).filter(isTensor);
}
