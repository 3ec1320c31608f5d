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
  const inner = isPlainObject(config) ? modernConfig(name, config) : config;
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

function modernConfig(name: string, config: Readonly<Record<string, unknown>>): Config {
  const entries = Object.entries(config)
    .filter(([key]) => !DROPPED.has(key))
    .map(([key, value]): [string, unknown] => {
      if (LAYER_KEYS.has(key)) return [key, Array.isArray(value) ? value.map(modernNode) : modernNode(value)];
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
