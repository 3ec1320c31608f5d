/** Activation functions, their string ids and lookup. */
import {type ConfigNode, type CustomObjects, type Tensor, ValueError} from '@keratin/core';
import {describe, publicNameOf, Registry} from '@keratin/core/internal';
import {type Registered} from '../ids.js';
import * as functions from './functions.js';

export * from './functions.js';
export {hardSilu as hardSwish, silu as swish} from './functions.js';

/** String ids of activations. */
export type ActivationId =
  | 'relu'
  | 'leaky_relu'
  | 'relu6'
  | 'softmax'
  | 'celu'
  | 'elu'
  | 'selu'
  | 'softplus'
  | 'softsign'
  | 'squareplus'
  | 'soft_shrink'
  | 'sparse_plus'
  | 'silu'
  | 'swish'
  | 'gelu'
  | 'glu'
  | 'tanh'
  | 'tanh_shrink'
  | 'threshold'
  | 'sigmoid'
  | 'sparse_sigmoid'
  | 'exponential'
  | 'hard_sigmoid'
  | 'hard_silu'
  | 'hard_swish'
  | 'hard_tanh'
  | 'hard_shrink'
  | 'linear'
  | 'mish'
  | 'log_softmax'
  | 'log_sigmoid'
  | 'sparsemax'
  | Registered;

/** What an activation is: a function of a tensor. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** What layers take as an activation: a string id, a function or a layer. */
export type Activation = ActivationId | ActivationFunction;

/** An {@link Activation} or the config node of one. */
export type ActivationIdentifier = Activation | ConfigNode;

const isFunction = (value: unknown): value is ActivationFunction => typeof value === 'function';

const registry = new Registry<ActivationFunction>({
  kind: 'activation',
  module: 'keras.activations',
  is: isFunction,
});

const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const ALIASES: Readonly<Record<string, readonly string[]>> = {silu: ['swish'], hardSilu: ['hard_swish']};
for (const [name, fn] of Object.entries(functions)) {
  registry.add(snakeCase(name), fn, ALIASES[name]);
}

/** The function of a string id, config node or function; `linear` for none. */
export function get(
  identifier: ActivationIdentifier | null | undefined,
  customObjects?: CustomObjects,
): ActivationFunction {
  if (identifier === null || identifier === undefined) return functions.linear;
  return registry.get(identifier, customObjects);
}

/** The string id of a function of the library, a config node of others. */
export function serialize(activation: ActivationFunction): ConfigNode | string {
  const known = publicNameOf(activation);
  if (known?.module === 'keras.activations') return known.name;
  const node = registry.serialize(activation);
  if (node !== null) return node;
  throw new ValueError(`activations.serialize: a function is needed, got ${describe(activation)}`);
}

/** The function of a config node or string id. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): ActivationFunction =>
  registry.deserialize(node, customObjects);
