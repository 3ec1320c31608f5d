/** Penalties on weights and outputs: classes, string ids and lookup. */
import {type ConfigNode, type CustomObjects, type Tensor} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
import {type Registered} from '../ids.js';
import {L1, L1L2, L2} from './l1-l2.js';
import {OrthogonalRegularizer} from './orthogonal.js';
import {Regularizer} from './regularizer.js';

export {L1, L1L2, type L1L2Options, type L1Options, L2, type L2Options} from './l1-l2.js';
export {OrthogonalRegularizer, type OrthogonalRegularizerOptions} from './orthogonal.js';
export {Regularizer} from './regularizer.js';

/** String ids of regularizers. */
export type RegularizerId = 'l1' | 'l2' | 'l1l2' | 'orthogonal_regularizer' | Registered;

/** A string id, a regularizer, a function or a config node. */
export type RegularizerIdentifier = RegularizerId | Regularizer | ((x: Tensor) => Tensor) | ConfigNode;

class FromFunction extends Regularizer {
  constructor(readonly fn: (x: Tensor) => Tensor) {
    super();
  }
  override call(x: Tensor): Tensor {
    return this.fn(x);
  }
}

const registry = new Registry<Regularizer>({
  kind: 'regularizer',
  module: 'keras.regularizers',
  is: (value): value is Regularizer => value instanceof Regularizer,
  fromFunction: (fn) => new FromFunction(fn as (x: Tensor) => Tensor),
});

registry.add('L1', L1);
registry.add('L2', L2);
registry.add('L1L2', L1L2, ['l1l2', 'l1_l2']);
registry.add('OrthogonalRegularizer', OrthogonalRegularizer);

/** The regularizer of a string id, function or config node; null for none. */
export function get(
  identifier: RegularizerIdentifier | null | undefined,
  customObjects?: CustomObjects,
): Regularizer | null {
  return identifier === null || identifier === undefined ? null : registry.get(identifier, customObjects);
}

/** The config node of a regularizer; null for none. */
export const serialize = (regularizer: Regularizer | null): ConfigNode | string | null =>
  registry.serialize(regularizer instanceof FromFunction ? regularizer.fn : regularizer);

/** The regularizer of a config node. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): Regularizer =>
  registry.deserialize(node, customObjects);
