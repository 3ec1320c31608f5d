import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

// Checks of constructor arguments: they come from programs and from config files.

export function checkCount(where: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new ValueError(`${where}: ${name} must be a positive integer, got ${describe(value)}`);
}

export function checkBoolean(where: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ValueError(`${where}: ${name} must be a boolean, got ${describe(value)}`);
}

export function checkNumber(where: string, name: string, value: unknown, low = -Infinity, high = Infinity): number {
  if (typeof value === 'number' && value >= low && value <= high) return value;
  let range = '';
  if (high < Infinity) range = ` in [${String(low)}, ${String(high)}]`;
  else if (low > -Infinity) range = ` of at least ${String(low)}`;
  throw new ValueError(`${where}: ${name} must be a number${range}, got ${describe(value)}`);
}

export function checkChoice<const T extends string>(
  where: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new ValueError(`${where}: ${name} must be one of ${choices.join(', ')}, got ${describe(value)}`);
}
