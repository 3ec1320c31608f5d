import {ShapeError, ValueError} from '../errors.js';
import {describe} from '../suggest.js';

// Checks of the arguments that are lists, before anything walks over them.

/** A list (of tensors, mostly) with at least one entry. */
export function checkList(op: string, name: string, value: unknown): void {
  if (Array.isArray(value) && value.length > 0) return;
  throw new ValueError(`${op}: ${name} must be a list of at least one tensor, got ${describe(value)}`);
}

/** A list of integers, or null where a symbolic size is meant. */
export function checkIntegers(op: string, name: string, value: unknown): void {
  if (Array.isArray(value) && value.every((n) => n === null || Number.isInteger(n))) return;
  throw new ShapeError(`${op}: ${name} must be a list of integers, got ${describe(value)}`);
}

/** One integer, or a list of them. */
export function checkIntegerOrList(op: string, name: string, value: unknown): void {
  if (Number.isInteger(value)) return;
  if (Array.isArray(value) && value.every((n) => Number.isInteger(n))) return;
  throw new ShapeError(`${op}: ${name} must be an integer or a list of integers, got ${describe(value)}`);
}
