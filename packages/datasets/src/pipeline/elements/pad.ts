import {DtypeError, type Element, ops, ShapeError, type Tensor, tensor, ValueError} from '@keratin/core';
import {describe, isPlainObject, show, stackRows} from '@keratin/core/internal';
import {type Layout, layoutOf, leafNames, rebuild} from './layout.js';
import {columnsOf, leafTensor} from './stack.js';

/** For each part of an element, or for all of them. */
export type PerPart<T> = T | readonly PerPart<T>[] | {readonly [key: string]: PerPart<T>};

/** What differing sizes are filled up to, and with what. */
export interface Padding {
  /** Sizes by axis; null or -1 is the largest of the batch. Absent: all of them. */
  readonly shapes?: unknown;
  /** Default 0, false or ''. */
  readonly values?: unknown;
}

/** Stacks elements whose sizes differ, filled up at the end of their axes. */
export function stackPadded(where: string, elements: readonly unknown[], padding: Padding): unknown {
  const layout = layoutOf(elements[0]);
  const names = leafNames(layout);
  const columns = columnsOf(where, layout, elements);
  const shapes = perLeaf(where, layout, padding.shapes, isShape);
  const values = perLeaf(where, layout, padding.values, (value) => typeof value !== 'object');
  return rebuild(layout, (i) => {
    const part = names[i] ?? '';
    const tensors = (columns[i] ?? []).map((leaf) => leafTensor(where, part, leaf));
    return padded(where, part, tensors, shapes[i] as readonly (number | null)[] | undefined, values[i]);
  });
}

const isShape = (value: unknown): boolean =>
  Array.isArray(value) && value.every((size) => size === null || typeof size === 'number');

/** What is given for each leaf: one for all, or built like the elements. */
function perLeaf(where: string, layout: Layout, given: unknown, isOne: (value: unknown) => boolean): unknown[] {
  const out: unknown[] = [];
  const walk = (part: Layout, value: unknown): void => {
    if (part.kind === 'leaf') {
      if (value !== undefined && value !== null && !isOne(value)) {
        throw new ValueError(`${where}: padding must be given as the elements are built, got ${describe(value)}`);
      }
      out.push(value ?? undefined);
    } else if (value === undefined || value === null || isOne(value)) {
      for (const inner of part.parts) walk(inner, value);
    } else if (part.kind === 'tuple' && Array.isArray(value) && value.length === part.parts.length) {
      for (const [i, inner] of part.parts.entries()) walk(inner, value[i]);
    } else if (part.kind === 'dictionary' && isPlainObject(value)) {
      const odd = Object.keys(value).find((key) => !part.keys.includes(key));
      if (odd !== undefined) throw new ValueError(`${where}: elements have no part "${odd}" to pad`);
      for (const [i, key] of part.keys.entries()) {
        const inner = part.parts[i];
        if (inner !== undefined) walk(inner, value[key]);
      }
    } else {
      throw new ValueError(`${where}: padding must be given as the elements are built, got ${describe(value)}`);
    }
  };
  walk(layout, given);
  return out;
}

function padded(
  where: string,
  part: string,
  tensors: readonly Tensor<Element>[],
  wanted: readonly (number | null)[] | undefined,
  value: unknown,
): Tensor<Element> {
  const [first] = tensors;
  if (first === undefined) throw new ShapeError(`${where}: there is nothing to stack`);
  const of = part === '' ? '' : ` of part ${part}`;
  for (const {dtype, shape} of tensors) {
    if (dtype !== first.dtype) {
      throw new DtypeError(`${where}: elements${of} must have one dtype, got ${first.dtype} and ${dtype}`);
    }
    if (shape.length !== first.ndim || (wanted !== undefined && shape.length !== wanted.length)) {
      const rank = wanted === undefined ? `the rank ${String(first.ndim)}` : `the rank of ${show(wanted)}`;
      throw new ShapeError(`${where}: elements${of} must have ${rank}, got shape ${show(shape)}`);
    }
  }
  const target = first.shape.map((_, axis) => {
    const largest = Math.max(...tensors.map(({shape}) => shape[axis] ?? 0));
    const size = wanted?.[axis] ?? -1;
    if (size === -1) return largest;
    if (largest > size) {
      throw new ShapeError(
        `${where}: elements${of} must not be larger than ${show(wanted ?? [])}, got size ${String(largest)} on axis ${String(axis)}`,
      );
    }
    return size;
  });
  return stackRows(tensors.map((element) => fill(element, target, value)));
}

function fill(element: Tensor<Element>, target: readonly number[], value: unknown): Tensor<Element> {
  const widths = target.map((size, axis) => [0, size - (element.shape[axis] ?? 0)] as const);
  if (widths.every(([, after]) => after === 0)) return element;
  if (element.dtype !== 'string') return ops.pad(element, widths, {constantValues: (value ?? 0) as number});
  const texts = (element.reshape([-1]) as Tensor<string>).array(1);
  const whole = Array.from({length: target.reduce((size, n) => size * n, 1)}, (_, i) => {
    let [rest, from, stride] = [i, 0, 1];
    for (let axis = target.length - 1; axis >= 0; axis--) {
      const n = target[axis] ?? 1;
      const own = element.shape[axis] ?? 0;
      if (rest % n >= own) return (value ?? '') as string;
      from += (rest % n) * stride;
      stride *= own;
      rest = Math.floor(rest / n);
    }
    return texts[from] ?? '';
  });
  return tensor(whole, {shape: target});
}
