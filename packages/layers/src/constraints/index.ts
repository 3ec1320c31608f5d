/** What weights may be after an optimizer's step: classes, string ids and lookup. */
import {type ConfigNode, type CustomObjects, type Tensor} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
import {type Registered} from '../ids.js';
import {Constraint} from './constraint.js';
import {MaxNorm, MinMaxNorm, NonNeg, UnitNorm} from './norms.js';

export {Constraint} from './constraint.js';
export {
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  NonNeg,
  type NormAxis,
  UnitNorm,
  type UnitNormOptions,
} from './norms.js';

/** String ids of constraints. */
export type ConstraintId = 'max_norm' | 'min_max_norm' | 'non_neg' | 'unit_norm' | Registered;

/** A string id, a constraint, a function or a config node. */
export type ConstraintIdentifier = ConstraintId | Constraint | ((w: Tensor) => Tensor) | ConfigNode;

class FromFunction extends Constraint {
  constructor(readonly fn: (w: Tensor) => Tensor) {
    super();
  }
  override call(w: Tensor): Tensor {
    return this.fn(w);
  }
}

const registry = new Registry<Constraint>({
  kind: 'constraint',
  module: 'keras.constraints',
  is: (value): value is Constraint => value instanceof Constraint,
  fromFunction: (fn) => new FromFunction(fn as (w: Tensor) => Tensor),
});

registry.add('MaxNorm', MaxNorm);
registry.add('MinMaxNorm', MinMaxNorm);
registry.add('NonNeg', NonNeg);
registry.add('UnitNorm', UnitNorm);

/** The constraint of a string id, function or config node; null for none. */
export function get(
  identifier: ConstraintIdentifier | null | undefined,
  customObjects?: CustomObjects,
): Constraint | null {
  return identifier === null || identifier === undefined ? null : registry.get(identifier, customObjects);
}

/** The config node of a constraint; null for none. */
export const serialize = (constraint: Constraint | null): ConfigNode | string | null =>
  registry.serialize(constraint instanceof FromFunction ? constraint.fn : constraint);

/** The constraint of a config node. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): Constraint =>
  registry.deserialize(node, customObjects);
