import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/** How much at the start and at the end of one spatial axis. */
export type Border = readonly [before: number, after: number];

/** A number for all borders, one for each axis, or a pair for each axis. */
export type Borders<A extends readonly unknown[]> = number | {readonly [K in keyof A]: number | Border};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** The option as one pair for each axis. */
export function bordersOf(where: string, name: string, value: unknown, rank: number): readonly Border[] {
  if (isCount(value)) return Array.from({length: rank}, () => [value, value]);
  // A sequence has one axis, so that a pair is its own.
  const list: unknown = rank === 1 && Array.isArray(value) && value.every(isCount) ? [value] : value;
  if (Array.isArray(list) && list.length === rank) {
    const pairs = list.map((entry: unknown): Border | null => {
      if (isCount(entry)) return [entry, entry];
      if (!Array.isArray(entry) || entry.length > 2 || entry.length === 0 || !entry.every(isCount)) return null;
      const [before = 0, after = before] = entry as readonly number[];
      return [before, after];
    });
    if (pairs.every((pair) => pair !== null)) return pairs;
  }
  const axes = rank === 1 ? 'a pair [start, end]' : `a number or pair for each of ${String(rank)} axes`;
  throw new ValueError(`${where}: ${name} must be a non-negative integer or ${axes}, got ${describe(value)}`);
}
