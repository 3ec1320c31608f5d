import {type Shape, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/** The `seed` option of a layer: an integer that is not negative, or none. */
export function seedOption(where: string, seed: unknown): number | null {
  if (seed === undefined || seed === null) return null;
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ValueError(`${where}: seed must be a non-negative integer, got ${describe(seed)}`);
}

/** The `noiseShape` option: a list of sizes, null where the input's is meant. */
export function checkNoiseShape(where: string, shape: unknown): Shape | null {
  if (shape === undefined || shape === null) return null;
  if (Array.isArray(shape) && shape.every((n) => n === null || (Number.isInteger(n) && n > 0))) return shape as Shape;
  throw new ValueError(`${where}: noiseShape must be a list of sizes or null, got ${describe(shape)}`);
}
