import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/** A range that a factor is drawn from: two numbers, or one that stands for a range around 0 (or from 0 on). */
export type Factor = number | readonly [number, number];
/** The least and greatest value of a range. */
export type Range = readonly [low: number, high: number];

const isPair = (value: unknown): value is Range =>
  Array.isArray(value) && value.length === 2 && value.every((n) => typeof n === 'number' && Number.isFinite(n));

/**
 * A factor as a range: one number x is [-x, x], cut at the least value that is allowed.
 * @throws ValueError where a bound is outside of `[low, high]`
 */
export function factorOption(where: string, name: string, value: unknown, [low, high]: Range): Range {
  const inside = (n: number) => n >= low && n <= high;
  if (isPair(value) && value.every(inside)) return [Math.min(...value), Math.max(...value)];
  if (typeof value === 'number' && inside(value)) return [Math.max(-Math.abs(value), low), Math.abs(value)];
  throw new ValueError(
    `${where}: ${name} must be a number, or a list of two numbers, in [${String(low)}, ${String(high)}], got ${describe(value)}`,
  );
}

/** The `valueRange` option, ascending. */
export function valueRangeOption(where: string, value: unknown): Range {
  if (value === undefined) return [0, 255];
  if (isPair(value) && value[0] !== value[1]) return [Math.min(...value), Math.max(...value)];
  throw new ValueError(`${where}: valueRange must be a list of two different numbers, got ${describe(value)}`);
}
