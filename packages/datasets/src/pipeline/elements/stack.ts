import {
  type Element,
  isTensor,
  ragged,
  RaggedTensor,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {convert, describe, isSymbolic, sameShape, show, stackRows} from '@keratin/core/internal';
import {collect, type Layout, layoutOf, leafCount, leafNames, rebuild} from './layout.js';

/** Stacks elements along a new first axis, part by part. */
export function stackElements(where: string, elements: readonly unknown[]): unknown {
  const [first] = elements;
  if (isTensor(first)) return stackLeaves(where, '', elements);
  const layout = layoutOf(first);
  const names = leafNames(layout);
  return rebuild(layout, zipLeaves(where, layout, elements, names));
}

function zipLeaves(
  where: string,
  layout: Layout,
  elements: readonly unknown[],
  names: readonly string[],
): (index: number) => unknown {
  const columns = columnsOf(where, layout, elements);
  return (i) => stackLeaves(where, names[i] ?? '', columns[i] ?? []);
}

/** For each leaf of the layout, that of every element. */
export function columnsOf(where: string, layout: Layout, elements: readonly unknown[]): unknown[][] {
  const columns = Array.from({length: leafCount(layout)}, (): unknown[] => []);
  for (const element of elements) collect(where, layout, element, columns);
  return columns;
}

/** One leaf of several elements, as a tensor with a new first axis. */
function stackLeaves(where: string, part: string, leaves: readonly unknown[]): unknown {
  const [first] = leaves;
  if (first instanceof RaggedTensor) return ragged.stack(leaves as RaggedTensor[]);
  if (typeof first !== 'object' && leaves.every((leaf) => typeof leaf === typeof first)) {
    return leafTensor(where, part, leaves);
  }
  const tensors = leaves.map((leaf) => leafTensor(where, part, leaf));
  requireAlike(where, part, tensors);
  return stackRows(tensors);
}

/** One leaf as a tensor. */
export function leafTensor(where: string, part: string, leaf: unknown): Tensor<Element> {
  const what = part === '' ? where : `${where}: part ${part}`;
  if (isTensor(leaf)) {
    if (isSymbolic(leaf)) throw new ValueError(`${what} is a symbolic tensor, which has no values`);
    return leaf;
  }
  if (leaf === null || leaf === undefined || typeof leaf === 'function') {
    throw new ValueError(`${what}: elements are made of tensors, arrays and plain values, got ${describe(leaf)}`);
  }
  return convert(leaf as TensorLike, undefined, what);
}

function requireAlike(where: string, part: string, tensors: readonly Tensor<Element>[]): void {
  const [first] = tensors;
  if (first === undefined) return;
  const of = part === '' ? '' : ` of part ${part}`;
  for (const [i, tensor] of tensors.entries()) {
    if (tensor.dtype !== first.dtype) {
      throw new ValueError(
        `${where}: elements${of} must have one dtype, the first is ${first.dtype} and element ${String(i)} of the batch ${tensor.dtype}`,
      );
    }
    if (!sameShape(tensor.shape, first.shape)) {
      throw new ShapeError(
        `${where}: elements${of} must have one shape, the first has ${show(first.shape)} and element ${String(i)} of the batch ${show(tensor.shape)}; paddedBatch takes different sizes`,
      );
    }
  }
}
