import {type ConfigNode, type CustomObjects} from '@keratin/core';
import {registerPublic, Registry} from '@keratin/core/internal';
import {type Registered} from '../losses/registry.js';
import {Adadelta} from './adadelta.js';
import {Adafactor} from './adafactor.js';
import {Adagrad} from './adagrad.js';
import {Adam} from './adam.js';
import {Adamax} from './adamax.js';
import {AdamW} from './adamw.js';
import {Ftrl} from './ftrl.js';
import {Lamb} from './lamb.js';
import {Lion} from './lion.js';
import {LossScaleOptimizer} from './loss-scale-optimizer.js';
import {MultiOptimizer, OptimizerMap} from './multi-optimizer.js';
import {Muon} from './muon.js';
import {Nadam} from './nadam.js';
import {Optimizer} from './optimizer.js';
import {RMSprop} from './rmsprop.js';
import {ScheduleFreeAdamW} from './schedule-free-adamw.js';
import {SGD} from './sgd.js';

const OPTIMIZERS = [
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  Ftrl,
  Lamb,
  Lion,
  Muon,
  Nadam,
  RMSprop,
  ScheduleFreeAdamW,
  SGD,
] as const;

/** The strings that name an optimizer, with all defaults. */
export type OptimizerId =
  | 'adadelta'
  | 'adafactor'
  | 'adagrad'
  | 'adam'
  | 'adamax'
  | 'adamw'
  | 'ftrl'
  | 'lamb'
  | 'lion'
  | 'muon'
  | 'nadam'
  | 'rmsprop'
  | 'schedulefreeadamw'
  | 'sgd'
  | Registered;

/** What can be given where an optimizer is wanted. */
export type OptimizerLike = OptimizerId | Optimizer | ConfigNode;

const registry = new Registry<Optimizer>({
  kind: 'optimizer',
  module: 'keras.optimizers',
  is: (value) => value instanceof Optimizer,
});

for (const cls of OPTIMIZERS) registry.add(cls.name, cls, [cls.name.toLowerCase()]);

// They wrap others, so no string alone makes them.
for (const cls of [LossScaleOptimizer, MultiOptimizer, OptimizerMap]) {
  registerPublic(cls, {module: 'keras.optimizers', name: cls.name});
}

/**
 * An optimizer from its id, class name or config; an optimizer is given back as it is.
 *
 * @throws UnknownOptionError with the nearest id
 */
export function get(identifier: OptimizerLike | (string & {})): Optimizer {
  return registry.get(typeof identifier === 'string' ? lower(identifier) : identifier);
}

/** The Keras 3 node of an optimizer. */
export function serialize(optimizer: Optimizer): ConfigNode {
  return registry.serialize(optimizer) as ConfigNode;
}

/** The optimizer of a Keras 3 node, which is checked and never trusted. */
export function deserialize(node: string | ConfigNode, customObjects?: CustomObjects): Optimizer {
  return registry.deserialize(typeof node === 'string' ? lower(node) : node, customObjects);
}

// Keras compares names in lower case; registered ones keep theirs.
const lower = (id: string): string => (id.includes('>') ? id : id.toLowerCase());
