import {checkDType, type FloatDType, isFloating} from './dtype.js';
import {DtypeError} from './errors.js';

let currentFloatx: FloatDType = 'float32';

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
