import {ValueError} from './errors.js';

export {floatx, setFloatx} from './floatx.js';
export {type DTypePolicy, dtypePolicy, type DTypePolicyName, setDtypePolicy} from './dtype-policy.js';

let currentEpsilon = 1e-7;

/** The small number that keeps logarithms and divisions finite in losses: 1e-7. */
export function epsilon(): number {
  return currentEpsilon;
}

/** Changes {@link epsilon}. */
export function setEpsilon(value: number): void {
  if (!(value > 0)) throw new ValueError(`setEpsilon: a positive number is needed, got ${String(value)}`);
  currentEpsilon = value;
}
