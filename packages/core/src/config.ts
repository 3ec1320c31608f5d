import {type FloatDType, isFloating, checkDType} from './dtype.js';
import {DtypeError, ValueError} from './errors.js';

let currentFloatx: FloatDType = 'float32';
let currentEpsilon = 1e-7;

/** The dtype of numbers and weights where none is given: `'float32'`. */
export function floatx(): FloatDType {
  return currentFloatx;
}

/** Changes {@link floatx}. */
export function setFloatx(dtype: FloatDType): void {
  const checked = checkDType('setFloatx', dtype);
  if (!isFloating(checked)) throw new DtypeError(`setFloatx: a floating dtype is needed, got ${checked}`);
  currentFloatx = checked;
}

/** The small number that keeps logarithms and divisions finite in losses: 1e-7. */
export function epsilon(): number {
  return currentEpsilon;
}

/** Changes {@link epsilon}. */
export function setEpsilon(value: number): void {
  if (!(value > 0)) throw new ValueError(`setEpsilon: a positive number is needed, got ${String(value)}`);
  currentEpsilon = value;
}
