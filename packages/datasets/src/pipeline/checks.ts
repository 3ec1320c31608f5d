import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {stageName} from './failure.js';

/** An integer that is not below `least`. */
export function checkCount(name: string, what: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  const rule = least === 1 ? 'a positive integer' : `an integer of at least ${String(least)}`;
  throw new ValueError(`${stageName(name)}: ${what} must be ${rule}, got ${describe(value)}`);
}

/** A function. */
export function checkFunction(name: string, what: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ValueError(`${stageName(name)}: ${what} must be a function, got ${describe(value)}`);
}
