import {type Element, type Tensor, type Variable} from '@keratin/core';
import {isPlainObject, publicNameOf, toConfigKey, toSnakeCase} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {LossScaleOptimizer} from '../optimizers/loss-scale-optimizer.js';
import {MultiOptimizer} from '../optimizers/multi-optimizer.js';
import {Optimizer} from '../optimizers/optimizer.js';

// Where things stand in a file of weights: Keras walks through the attributes of a model in the order of their names, private ones last,
// and what it meets a second time is not stored again (`_walk_saveable` and `_save_state` of its saving_lib).

/** Something with a place of its own in a file. */
export interface Saveable {
  /** Such as `layers/dense`; `''` is the model. */
  readonly path: string;
  readonly owner: AnyLayer | Optimizer;
  /** In Keras's order: trainable ones first. */
  readonly variables: readonly Variable<Element>[];
}

/** What a layer may have in a file of weights beside its variables, by name. */
export interface HasOwnVariables {
  saveOwnVariables(): Readonly<Record<string, Tensor<Element>>>;
  /** Takes what {@link saveOwnVariables} gave. */
  loadOwnVariables(store: Readonly<Record<string, Tensor<Element>>>): void;
}

export const hasOwnVariables = (owner: AnyLayer | Optimizer): owner is AnyLayer & HasOwnVariables =>
  typeof Reflect.get(owner, 'saveOwnVariables') === 'function' &&
  typeof Reflect.get(owner, 'loadOwnVariables') === 'function';

type Child = readonly [key: string, value: unknown];

const isOptimizer = (value: unknown): value is Optimizer => value instanceof Optimizer;
const isLayer = (value: unknown): value is AnyLayer => value instanceof Layer;

/** All that has a place in the file of a model, in order. */
export function saveablesOf(model: AnyModel): Saveable[] {
  const found = new Map<AnyLayer | Optimizer, Saveable>();
  const visit = (owner: AnyLayer | Optimizer, path: string): void => {
    if (found.has(owner)) return;
    const variables = isOptimizer(owner) ? owner.variables : owner.ownVariables();
    found.set(owner, {path, owner, variables});
    for (const [key, value] of isOptimizer(owner) ? partsOf(owner) : childrenOf(owner)) {
      const inner = path === '' ? key : `${path}/${key}`;
      if (isLayer(value) || isOptimizer(value)) visit(value, inner);
      else visitAll(value, inner, new Set());
    }
  };
  const visitAll = (container: unknown, path: string, seen: Set<unknown>): void => {
    const entries = entriesOf(container);
    if (entries === null || seen.has(container)) return;
    seen.add(container);
    const taken = new Map<string, number>();
    for (const entry of entries) {
      if (isLayer(entry)) visit(entry, `${path}/${numbered(className(entry), taken)}`);
      else if (entriesOf(entry) !== null) visitAll(entry, `${path}/${numbered('container', taken)}`, seen);
    }
  };
  visit(model, '');
  return [...found.values()];
}

/** The name that Keras gives an entry of a list, by its class. */
const className = (layer: AnyLayer): string =>
  toSnakeCase(publicNameOf(layer.constructor)?.name ?? layer.constructor.name);

function numbered(name: string, taken: Map<string, number>): string {
  const count = taken.get(name);
  taken.set(name, count === undefined ? 0 : count + 1);
  return count === undefined ? name : `${name}_${String(count + 1)}`;
}

function entriesOf(value: unknown): Iterable<unknown> | null {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  if (value instanceof Map) return value.values();
  return isPlainObject(value) ? Object.values(value) : null;
}

function childrenOf(owner: AnyLayer): readonly Child[] {
  const fields = Object.entries(Object.getOwnPropertyDescriptors(owner))
    // Reading an accessor would run code of the user.
    .filter(([, field]) => field.enumerable === true && 'value' in field)
    .map(([key, field]): Child => [keyOf(owner, key), field.value]);
  if (!isModel(owner)) return fields.sort(byName);
  const {layers} = owner;
  const isKnown = owner.graph !== null || publicNameOf(owner.constructor)?.name === 'Sequential';
  const own: Child[] = [...fields, ...optimizersOf(owner)];
  // Those of a graph or a stack come first; a subclass has them among its attributes.
  return isKnown || isStack(owner)
    ? [['layers', layers], ...own.sort(byName)]
    : [...own, ['layers', layers] as Child].sort(byName);
}

interface ModelLike {
  readonly layers: readonly AnyLayer[];
  readonly optimizer: Optimizer | null;
  readonly optimizers: readonly Optimizer[];
  readonly graph: object | null;
}

// Models import this file.
const isModel = (layer: AnyLayer): layer is AnyLayer & ModelLike => 'graph' in layer && 'optimizer' in layer;
const isStack = (layer: AnyLayer): boolean => 'pop' in layer && 'add' in layer;

/** Layers whose attributes are private in Keras. */
const PRIVATE: Readonly<Record<string, readonly string[]>> = {
  GroupQueryAttention: ['queryDense', 'keyDense', 'gateDense', 'valueDense', 'outputDense'],
  GroupedQueryAttention: ['queryDense', 'keyDense', 'gateDense', 'valueDense', 'outputDense'],
  TextVectorization: ['lookupLayer'],
};

function keyOf(owner: AnyLayer, field: string): string {
  const known = publicNameOf(owner.constructor)?.name ?? '';
  return `${PRIVATE[known]?.includes(field) === true ? '_' : ''}${toConfigKey(field)}`;
}

const orderKey = (name: string): string => (name.startsWith('_') ? `~${name}` : name);

function byName([a]: Child, [b]: Child): number {
  const [x, y] = [orderKey(a), orderKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The optimizer, or those of the parts where a `MultiOptimizer` has its own. */
const optimizersOf = ({optimizer, optimizers}: ModelLike): readonly Child[] =>
  optimizer === null
    ? optimizers.map((part, i): Child => [`optimizer/optimizers/${String(i)}`, part])
    : [['optimizer', optimizer]];

/** The optimizers that an optimizer has within. */
function partsOf(optimizer: Optimizer): readonly Child[] {
  if (optimizer instanceof LossScaleOptimizer) return [['inner_optimizer', optimizer.innerOptimizer]];
  if (!(optimizer instanceof MultiOptimizer)) return [];
  return optimizer.optimizers.map((part, i): Child => [`optimizers/${String(i)}`, part]);
}
