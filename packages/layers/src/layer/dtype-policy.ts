import {config, type DType, ValueError} from '@keratin/core';
import {type ConfigNode, describe, hint, isDType, isNode} from '@keratin/core/internal';

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

/** A policy by name, by config node, or the default (`config.floatx`). */
export function dtypePolicy(where: string, value: unknown): DTypePolicy {
  if (value === undefined || value === null) return dtypePolicy(where, config.floatx());
  if (isNode(value)) {
    const inner = value['config'];
    const name = typeof inner === 'object' && inner !== null && 'name' in inner ? inner.name : undefined;
    if (value['class_name'] === 'DTypePolicy' && typeof name === 'string') return dtypePolicy(where, name);
  }
  if (typeof value !== 'string') {
    throw new ValueError(`${where}: dtype must be the name of a dtype or of a mixed policy, got ${describe(value)}`);
  }
  if (isMixed(value)) return {name: value, computeDtype: MIXED[value], variableDtype: 'float32'};
  if (isDType(value)) return {name: value, computeDtype: value, variableDtype: value};
  const near = hint(value, ['float32', 'float64', 'float16', 'bfloat16', 'int32', 'int64', ...Object.keys(MIXED)]);
  throw new ValueError(`${where}: unknown dtype ${describe(value)}${near}`);
}

/** The policy as Keras's configs hold it. */
export function serializePolicy({name}: DTypePolicy): ConfigNode {
  return {module: 'keras', class_name: 'DTypePolicy', config: {name}, registered_name: null};
}
