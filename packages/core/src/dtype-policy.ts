import {type DType, isDType} from './dtype.js';
import {ValueError} from './errors.js';
import {floatx} from './floatx.js';
import {describe, hint} from './suggest.js';

/** A dtype, or a mixed policy: computes in the half type, keeps weights in float32. */
export type DTypePolicyName = DType | 'mixed_float16' | 'mixed_bfloat16';

/** In which dtypes a layer computes and keeps its weights. */
export interface DTypePolicy {
  readonly name: DTypePolicyName;
  readonly computeDtype: DType;
  readonly variableDtype: DType;
}

const MIXED = {mixed_float16: 'float16', mixed_bfloat16: 'bfloat16'} as const;

const isMixed = (name: string): name is keyof typeof MIXED => Object.hasOwn(MIXED, name);

/** The policy of a name. */
export function policyNamed(where: string, name: string): DTypePolicy {
  if (isMixed(name)) return {name, computeDtype: MIXED[name], variableDtype: 'float32'};
  if (isDType(name)) return {name, computeDtype: name, variableDtype: name};
  const near = hint(name, ['float32', 'float64', 'float16', 'bfloat16', 'int32', 'int64', ...Object.keys(MIXED)]);
  throw new ValueError(`${where}: unknown dtype ${describe(name)}${near}`);
}

let current: DTypePolicy | null = null;

/** The policy of layers that are made without a `dtype`: that of `floatx`, until {@link setDtypePolicy} chose one. */
export const dtypePolicy = (): DTypePolicy => current ?? policyNamed('dtypePolicy', floatx());

/**
 * Sets the policy of all layers that are made from now on without a `dtype` of their own; `clearSession` takes it back. Inputs, losses and
 * metrics stay in `floatx`. (`keras.config.set_dtype_policy`)
 *
 * @param policy a name such as `'mixed_float16'`, or what {@link dtypePolicy} gave
 * @example
 * config.setDtypePolicy('mixed_bfloat16');
 * new layers.Dense(2).computeDtype; // 'bfloat16', with weights in float32
 */
export function setDtypePolicy(policy: DTypePolicyName | DTypePolicy): void {
  const given: unknown = policy;
  const name = typeof given === 'object' && given !== null && 'name' in given ? given.name : given;
  if (typeof name !== 'string') {
    throw new ValueError(
      `setDtypePolicy: the name of a policy, such as "mixed_float16", or a policy is needed, got ${describe(given)}`,
    );
  }
  current = policyNamed('setDtypePolicy', name);
}

/** Forgets what {@link setDtypePolicy} set. */
export function resetDtypePolicy(): void {
  current = null;
}
