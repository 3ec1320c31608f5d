import {config, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';

/** One threshold or several, each in [0, 1]. */
export type Thresholds = number | readonly number[] | null;

/** The thresholds as a list, checked. */
export function thresholdList(where: string, given: Thresholds | undefined, otherwise: number): readonly number[] {
  if (given === undefined || given === null) return [otherwise];
  const list = [given].flat();
  const odd = list.find((value) => typeof value !== 'number' || !(value >= 0 && value <= 1));
  if (odd !== undefined || list.length === 0) {
    throw new ValueError(`${where}: thresholds must be numbers in [0, 1], got ${describe(given)}`);
  }
  return list;
}

/** Whether thresholds are 0, 1 / (n - 1), ..., 1, so that counting can use buckets. */
export function areEven(thresholds: readonly number[]): boolean {
  const n = thresholds.length;
  if (n < 3) return false;
  return thresholds.every((value, i) => {
    const even = Math.fround(i / (n - 1));
    return Math.abs(value - even) <= config.epsilon() + 1e-5 * even;
  });
}

/** 1 / (n - 1), 2 / (n - 1), ...: the thresholds between 0 and 1. */
export function innerThresholds(n: number): number[] {
  return Array.from({length: Math.max(n - 2, 0)}, (_, i) => (i + 1) / (n - 1));
}

/** A whole number of at least `low`. */
export function checkWhole(where: string, name: string, value: number, low: number): number {
  if (!Number.isInteger(value) || value < low) {
    throw new ValueError(`${where}: ${name} must be an integer of at least ${String(low)}, got ${describe(value)}`);
  }
  return value;
}

/** A number in [0, 1]. */
export function checkPart(where: string, name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw new ValueError(`${where}: ${name} must be in [0, 1], got ${describe(value)}`);
  }
  return value;
}
