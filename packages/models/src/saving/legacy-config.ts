import {type Config} from '@keratin/core';
import {isNode, isPlainObject, publicNameOf} from '@keratin/core/internal';
import {layerRegistry} from '@keratin/layers/internal';
import * as metrics from '../metrics/index.js';

// Configs of older files: nodes of layers say their class only, and Keras 2 had other keys. They are written anew as Keras 3's.

const MODELS: Readonly<Record<string, string>> = {
  Sequential: 'Sequential',
  Functional: 'Functional',
  Model: 'Functional',
};

/** Keys whose values are layers. */
const LAYER_KEYS = new Set(['layers', 'layer', 'forward_layer', 'backward_layer', 'cell', 'cells']);
/** Keys of Keras 2 that say nothing any more. */
const DROPPED = new Set(['time_major', 'input_length', 'batch_input_shape', 'implementation']);

/** A node of a layer or model as Keras 3 writes it. */
export function modernNode(value: unknown): unknown {
  if (!isNode(value)) return value;
  const {class_name: name, config, ...rest} = value;
  if (typeof name !== 'string') return value;
  const inner = isPlainObject(config) ? withCallsFromZero(modernConfig(name, config)) : config;
  if ('module' in value) return {...rest, class_name: name, config: inner};
  const model = MODELS[name];
  if (model !== undefined) return {...rest, module: 'keras', class_name: model, config: inner, registered_name: null};
  if (name.includes('>')) {
    return {...rest, module: null, class_name: name.slice(name.indexOf('>') + 1), config: inner, registered_name: name};
  }
  return {...rest, ...placeOf(name), config: inner};
}

function placeOf(name: string): {module: string | null; class_name: string; registered_name: null} {
  try {
    const known = publicNameOf(layerRegistry.find(name));
    if (known !== undefined) return {module: known.module, class_name: known.name, registered_name: null};
  } catch {
    // A class of the user's own, which customObjects may have under this name.
  }
  return {module: null, class_name: name, registered_name: null};
}

/**
 * In Keras 2 and TensorFlow.js a Sequential model has a call of its own, so that those of the model around it count from 1; here as in
 * Keras 3 they count from 0.
 */
function withCallsFromZero(config: Config): Config {
  const {layers} = config;
  if (!Array.isArray(layers)) return config;
  const stacks = new Set(
    layers.flatMap((layer: unknown) => (isNode(layer) && layer['class_name'] === 'Sequential' ? [nameIn(layer)] : [])),
  );
  if (stacks.size === 0) return config;
  const firsts = new Map<string, number>();
  const isCall = (value: readonly unknown[]): value is readonly [string, number, ...unknown[]] =>
    typeof value[0] === 'string' && stacks.has(value[0]) && typeof value[1] === 'number';
  const visit = (value: unknown, change: (call: readonly [string, number, ...unknown[]]) => unknown): unknown => {
    if (Array.isArray(value)) return isCall(value) ? change(value) : value.map((entry) => visit(entry, change));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, visit(entry, change)]));
  };
  const over = (change: (call: readonly [string, number, ...unknown[]]) => unknown): Config => ({
    ...config,
    layers: layers.map((layer: unknown) =>
      isNode(layer) ? {...layer, inbound_nodes: visit(layer['inbound_nodes'], change)} : layer,
    ),
    output_layers: visit(config['output_layers'], change),
  });
  over(([name, index]) => firsts.set(name, Math.min(index, firsts.get(name) ?? index)));
  return over(([name, index, ...rest]) => [name, index - (firsts.get(name) ?? 0), ...rest]);
}

const nameIn = (layer: Readonly<Record<string, unknown>>): string => {
  const {name, config} = layer;
  if (typeof name === 'string') return name;
  return isPlainObject(config) && typeof config['name'] === 'string' ? config['name'] : '';
};

function modernConfig(name: string, config: Readonly<Record<string, unknown>>): Config {
  const entries = Object.entries(config)
    .filter(([key]) => !DROPPED.has(key))
    .map(([key, value]): [string, unknown] => {
      if (LAYER_KEYS.has(key)) return [key, Array.isArray(value) ? value.map(modernNode) : modernNode(value)];
      if (name === 'LeakyReLU' && key === 'alpha') return ['negative_slope', value];
      // Keras 2 wrote the one axis of a normalization as a list.
      if (key === 'axis' && Array.isArray(value) && value.length === 1) return [key, value[0]];
      return [key, value];
    });
  const modern = Object.fromEntries(entries);
  const shape = config['batch_input_shape'];
  if (Array.isArray(shape)) {
    if (name === 'InputLayer') modern['batch_shape'] = shape;
    else modern['input_shape'] = shape.slice(1);
  }
  return modern;
}

/** What `compile` was given, as Keras 3's compile_config, from the training_config of an older file. */
export function modernCompileConfig(config: Config): Config {
  const {optimizer_config: optimizer, metrics: plain, weighted_metrics: weighted, ...rest} = config;
  return {
    ...rest,
    optimizer: modernOptimizer(optimizer),
    metrics: modernMetrics(plain),
    weighted_metrics: modernMetrics(weighted),
  };
}

const OLD_RATES = new Set(['lr', 'decay', 'jit_compile', 'is_legacy_optimizer']);

function modernOptimizer(node: unknown): unknown {
  if (!isNode(node) || !isPlainObject(node['config'])) return node;
  const {config} = node;
  const kept = Object.entries(config).filter(([key]) => !OLD_RATES.has(key));
  const rate = config['learning_rate'] ?? config['lr'];
  return {...node, config: {...Object.fromEntries(kept), ...(rate === undefined ? {} : {learning_rate: rate})}};
}

// Keras 2 stored ids as wrapped functions.
function modernMetrics(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernMetrics);
  if (!isNode(value)) return value;
  const {class_name: name, config} = value;
  if (name !== 'MeanMetricWrapper' || !isPlainObject(config)) return value;
  const id = config['name'];
  if (id === 'accuracy' || id === 'acc') return id;
  const fn = config['fn'];
  if (typeof fn !== 'string') return value;
  const metric = metrics.get(fn);
  return {...metrics.serialize(metric), config: {...metric.getConfig(), name: id ?? metric.name}};
}
