import {checkDType, type DType, type FloatDType, isFloating} from '../dtype.js';
import {floatx} from '../config.js';
import {DtypeError, ValueError} from '../errors.js';
import {describe} from '../suggest.js';
import {type SeedGenerator} from './seed.js';

export interface RandomOptions {
  /** Default: float32 (see `config.floatx`), int32 for integers. */
  dtype?: DType | undefined;
  /** An integer for the same values at every call, or a SeedGenerator. Default: the global state, see `setSeed`. */
  seed?: number | SeedGenerator | null | undefined;
}

export const SEED_KEYS = ['dtype', 'seed'] as const;

/** The dtype of a distribution of real numbers. */
export function floatDType(op: string, dtype: DType | undefined, tail = ''): FloatDType {
  const target = checkDType(op, dtype ?? floatx());
  if (!isFloating(target)) throw new DtypeError(`${op}: dtype must be floating, got ${target}${tail}`);
  return target;
}

export function checkNumber(op: string, name: string, value: number): number {
  if (!Number.isFinite(value)) throw new ValueError(`${op}: ${name} must be a finite number, got ${describe(value)}`);
  return value;
}
