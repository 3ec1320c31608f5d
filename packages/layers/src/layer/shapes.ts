import {type Shape} from '@keratin/core';

/** The product of the sizes, null where one is open. */
export function sizeOrOpen(shape: Shape): number | null {
  return shape.reduce<number | null>((size, n) => (size === null || n === null ? null : size * n), 1);
}
