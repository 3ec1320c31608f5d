import {isTensor, RaggedTensor, ValueError} from '@keratin/core';
import {describe, isPlainObject} from '@keratin/core/internal';

/** How an element is built: one array, a tuple or a dictionary. */
export type Layout =
  | {readonly kind: 'leaf'}
  | {readonly kind: 'tuple'; readonly parts: readonly Layout[]}
  | {readonly kind: 'dictionary'; readonly keys: readonly string[]; readonly parts: readonly Layout[]};

const LEAF: Layout = {kind: 'leaf'};

const isArrayValue = (value: unknown): boolean =>
  isTensor(value) || ArrayBuffer.isView(value) || value instanceof RaggedTensor || isPlainObject(value);

/** Whether a list is a list of arrays; a list of plain values, or of lists of them, is one array. */
export function holdsArrays(list: readonly unknown[]): boolean {
  return list.some((entry) => isArrayValue(entry) || (Array.isArray(entry) && holdsArrays(entry)));
}

/**
 * The layout of an element. Its outermost list is a tuple, as `[x, y]`; within it a list of plain values is an array.
 */
export function layoutOf(element: unknown, outermost = true): Layout {
  if (Array.isArray(element) && (outermost || holdsArrays(element))) {
    return {kind: 'tuple', parts: element.map((part: unknown) => layoutOf(part, false))};
  }
  if (isPlainObject(element)) {
    const keys = Object.keys(element);
    return {kind: 'dictionary', keys, parts: keys.map((key) => layoutOf(element[key], false))};
  }
  return LEAF;
}

/** The layout of data whose outermost list may be one array, as `fromTensorSlices` takes it. */
export function layoutOfArrays(value: unknown): Layout {
  return layoutOf(value, false);
}

/** Appends the leaves of an element to lists, one per leaf; the element must have the layout. */
export function collect(where: string, layout: Layout, element: unknown, out: readonly unknown[][], from = 0): number {
  if (layout.kind === 'leaf') {
    out[from]?.push(element);
    return from + 1;
  }
  let at = from;
  if (layout.kind === 'tuple') {
    if (!Array.isArray(element) || element.length !== layout.parts.length) mismatch(where, layout, element);
    for (const [i, part] of layout.parts.entries()) at = collect(where, part, element[i], out, at);
    return at;
  }
  if (!isPlainObject(element) || Object.keys(element).length !== layout.keys.length) mismatch(where, layout, element);
  for (const [i, key] of layout.keys.entries()) {
    if (!(key in element)) mismatch(where, layout, element);
    at = collect(where, layout.parts[i] ?? LEAF, element[key], out, at);
  }
  return at;
}

function mismatch(where: string, layout: Layout, element: unknown): never {
  throw new ValueError(
    `${where}: elements must be built alike, the first was ${layoutText(layout)}, got ${layoutText(layoutOf(element))} (${describe(element)})`,
  );
}

/** A layout in a few words. */
export function layoutText(layout: Layout): string {
  if (layout.kind === 'leaf') return 'one array';
  if (layout.kind === 'tuple') return `a list of ${String(layout.parts.length)}`;
  return `an object of ${layout.keys.join(', ')}`;
}

/** Number of leaves. */
export function leafCount(layout: Layout): number {
  return layout.kind === 'leaf' ? 1 : layout.parts.reduce((count, part) => count + leafCount(part), 0);
}

/** An element of a layout with other leaves. */
export function rebuild(layout: Layout, leaf: (index: number) => unknown, from = {at: 0}): unknown {
  if (layout.kind === 'leaf') return leaf(from.at++);
  if (layout.kind === 'tuple') return layout.parts.map((part) => rebuild(part, leaf, from));
  return Object.fromEntries(layout.keys.map((key, i) => [key, rebuild(layout.parts[i] ?? LEAF, leaf, from)]));
}

/** Where the leaves are, for messages: `[0]`, `.x`; empty for an element that is one array. */
export function leafNames(layout: Layout, prefix = ''): string[] {
  if (layout.kind === 'leaf') return [prefix];
  if (layout.kind === 'tuple') return layout.parts.flatMap((part, i) => leafNames(part, `${prefix}[${String(i)}]`));
  return layout.keys.flatMap((key, i) => leafNames(layout.parts[i] ?? LEAF, `${prefix}.${key}`));
}
