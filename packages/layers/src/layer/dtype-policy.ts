import {config, ValueError} from '@keratin/core';
import {type ConfigNode, describe, isNode, policyNamed} from '@keratin/core/internal';

/** A dtype, or a mixed policy: computes in the half type, keeps weights in float32. */
export type DTypePolicyName = config.DTypePolicyName;

/** In which dtypes a layer computes and keeps its weights. */
export type DTypePolicy = config.DTypePolicy;

/** A policy by name, by config node, or the global one (`config.dtypePolicy`). */
export function dtypePolicy(where: string, value: unknown): DTypePolicy {
  if (value === undefined || value === null) return config.dtypePolicy();
  if (isNode(value)) {
    const inner = value['config'];
    const name = typeof inner === 'object' && inner !== null && 'name' in inner ? inner.name : undefined;
    if (value['class_name'] === 'DTypePolicy' && typeof name === 'string') return policyNamed(where, name);
  }
  if (typeof value !== 'string') {
    throw new ValueError(`${where}: dtype must be the name of a dtype or of a mixed policy, got ${describe(value)}`);
  }
  return policyNamed(where, value);
}

/** The policy as Keras's configs hold it. */
export function serializePolicy({name}: DTypePolicy): ConfigNode {
  return {module: 'keras', class_name: 'DTypePolicy', config: {name}, registered_name: null};
}
