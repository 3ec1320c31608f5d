import {type Shape, ShapeError} from '@keratin/core';
import {describe, isPlainObject, mapStructure, tensorsIn} from '@keratin/core/internal';

/** The product of the sizes, null where one is open. */
export function sizeOrOpen(shape: Shape): number | null {
  return shape.reduce<number | null>((size, n) => (size === null || n === null ? null : size * n), 1);
}

/** The shapes of the tensors of a structure. */
export const shapesOf = (inputs: unknown): unknown =>
  mapStructure(inputs, (leaf) => {
    const [tensor] = tensorsIn(leaf);
    return tensor === undefined ? null : tensor.shape;
  });

/** Whether shapes differ in nothing but the size of the batch. */
export const sameSamples = (a: unknown, b: unknown): boolean =>
  JSON.stringify(mapShapes(a, (shape) => shape.slice(1))) === JSON.stringify(mapShapes(b, (shape) => shape.slice(1)));

/** Applies `fn` to the shapes of a structure: a list of sizes is one shape. */
export function mapShapes(value: unknown, fn: (shape: Shape) => unknown): unknown {
  if (isShape(value)) return fn(value);
  if (Array.isArray(value)) return value.map((entry) => mapShapes(entry, fn));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapShapes(entry, fn)]));
  }
  throw new ShapeError(`a shape is a list of sizes, got ${describe(value)}`);
}

function isShape(value: unknown): value is Shape {
  return (
    Array.isArray(value) && value.every((n) => n === null || (typeof n === 'number' && Number.isInteger(n) && n >= 0))
  );
}

/** The `inputShape` option: a list of sizes. */
export function checkShapeOption(where: string, shape: unknown): Shape {
  if (isShape(shape)) return shape;
  throw new ShapeError(`${where}: inputShape must be a list of sizes (null where open), got ${describe(shape)}`);
}
