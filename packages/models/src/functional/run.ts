import {type Element, isTensor, type Shape, type Tensor} from '@keratin/core';
import {isPlainObject, mapStructure, maskOf, symbolicTensor, withinCall, withMask} from '@keratin/core/internal';
import {type Graph} from './graph.js';
import {adapted} from './inputs.js';

type AnyTensor = Tensor<Element>;

/** The outputs of a graph for inputs in its structure. */
export function runGraph(graph: Graph, inputs: unknown, mask: unknown, path: string): unknown {
  const values = leavesOf(inputs);
  const masks = leavesOf(mask);
  return graph.run(graph.inputs.map((input, i) => masked(adapted(input, values[i], path), values[i], masks[i])));
}

/** A value with a mask that was given by hand. */
function masked(value: unknown, given: unknown, mask: unknown): unknown {
  if (!isTensor(value) || !isTensor(mask) || maskOf(value) === mask) return value;
  // The caller's tensor stays as it is.
  const own: AnyTensor = value === given ? value.reshape(value.shape.map((n) => n ?? -1)) : value;
  return withMask(own, mask as Tensor<boolean>);
}

/** The shapes of the outputs of a graph for inputs of these shapes. */
export function graphOutputShapes(graph: Graph, inputShape: unknown, path: string): unknown {
  const shapes = leavesOf(inputShape, isShape);
  const inputs = graph.inputs.map((input, i) =>
    adapted(input, symbolicTensor({shape: shapes[i] as Shape, dtype: input.dtype}), path),
  );
  return mapStructure(
    withinCall(() => graph.run(inputs)),
    (leaf) => (leaf as Tensor).shape,
  );
}

const isShape = (value: unknown): boolean =>
  Array.isArray(value) && value.every((n) => n === null || typeof n === 'number');

/** The leaves of a structure in Keras's order: dictionaries by sorted key. */
function leavesOf(value: unknown, isLeaf: (value: unknown) => boolean = () => false): unknown[] {
  if (isLeaf(value)) return [value];
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => leavesOf(entry, isLeaf));
  if (!isPlainObject(value)) return [value];
  return Object.keys(value)
    .sort()
    .flatMap((key) => leavesOf(value[key], isLeaf));
}

/** The one shape, or several in a list. */
export function shapeOrShapes(tensors: readonly AnyTensor[]): Shape | readonly Shape[] {
  const shapes = tensors.map(({shape}) => shape);
  const [only] = shapes;
  return shapes.length === 1 && only !== undefined ? only : shapes;
}
