import {type Element} from '../dtype.js';
import {KeratinError, UnknownOptionError, ValueError} from '../errors.js';
import {nameOf} from '../engine/hidden.js';
import {isPlainObject} from '../structure.js';
import {describe, hint} from '../suggest.js';
import {tensor} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {checkNode, type Config, type ConfigNode, isNode} from './config.js';
import {toOptions} from './keys.js';
import {
  type CustomObjects,
  getRegisteredName,
  getRegisteredObject,
  type PublicName,
  publicNameOf,
  publicObject,
  registeredIds,
  type Serializable,
} from './registration.js';

/** What serialization asks of an object. */
interface Configurable {
  getConfig(): Config;
  getBuildConfig?(): Config | null;
  getCompileConfig?(): Config | null;
}

function isConfigurable(value: unknown): value is Configurable {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'getConfig' in value && typeof value.getConfig === 'function';
}

/** What a class may declare to be made from a config. */
interface Deserializable {
  fromConfig?: (config: Config, customObjects?: CustomObjects) => unknown;
  positional?: readonly string[];
}

/**
 * A value as Keras 3 writes it in config files: plain values stay, objects become nodes
 * `{module, class_name, config, registered_name}`.
 * @throws ValueError for what has no config
 */
export function serializeKerasObject(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (isTensor(value)) return serializeTensor(value);
  if (isConfigurable(value)) return nodeOf(value);
  if (Array.isArray(value)) return value.map(serializeKerasObject);
  if (typeof value === 'function') return functionNode(value);
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, serializeKerasObject(entry)]));
  }
  throw new ValueError(`serializeKerasObject: ${describe(value)} has no getConfig`);
}

function serializeTensor(value: Tensor<Element>): ConfigNode {
  if (value.symbolic) {
    const config = {shape: [...value.shape], dtype: value.dtype, keras_history: nameOf(value) ?? null};
    return {class_name: '__keras_tensor__', config};
  }
  return {class_name: '__tensor__', config: {value: value.array(), dtype: value.dtype}};
}

let noted: Map<string, Serializable> | null = null;

/** Runs `fn` and gives its result with the classes and functions of users that were serialized meanwhile, by their names. */
export function noteSerialized<T>(fn: () => T): {readonly result: T; readonly objects: CustomObjects} {
  const outer = noted;
  const mine = new Map<string, Serializable>();
  noted = mine;
  try {
    return {result: fn(), objects: Object.fromEntries(mine)};
  } finally {
    noted = outer;
  }
}

function note(object: Serializable): void {
  if (noted === null || publicNameOf(object) !== undefined) return;
  noted.set(object.name, object);
  noted.set(getRegisteredName(object), object);
}

function nodeOf(value: Configurable): ConfigNode {
  const cls = value.constructor;
  note(cls);
  const known = publicNameOf(cls);
  const config = value.getConfig();
  const node: ConfigNode =
    known === undefined
      ? {module: null, class_name: cls.name, config, registered_name: getRegisteredName(cls)}
      : {module: known.module, class_name: known.name, config, registered_name: internalName(known)};
  const build = value.getBuildConfig?.() ?? null;
  const compile = value.getCompileConfig?.() ?? null;
  return {
    ...node,
    ...(build === null ? {} : {build_config: serializeKerasObject(build) as Config}),
    ...(compile === null ? {} : {compile_config: serializeKerasObject(compile) as Config}),
  };
}

/** Keras names a class also as registered where it is not in its public namespaces. */
const internalName = ({module, name}: PublicName): string | null => (module.startsWith('keras.src.') ? name : null);

function functionNode(fn: Serializable): ConfigNode {
  if (fn.name === '') {
    throw new ValueError(
      'serializeKerasObject: a function without a name cannot be saved; give it one and register it with registerKerasSerializable',
    );
  }
  note(fn);
  // As Keras writes them: the name is all that says which function it is.
  const config = publicNameOf(fn)?.name ?? getRegisteredName(fn);
  return {module: 'builtins', class_name: 'function', config, registered_name: 'function'};
}

/** Options of {@link deserializeKerasObject}. */
export interface DeserializeOptions {
  /** Classes and functions that are not registered, by name. */
  customObjects?: CustomObjects | undefined;
}

/**
 * The object that a config node describes, or the value itself where it is plain. The node is checked, never trusted: only
 * classes of the library, registered ones and `customObjects` are made.
 */
export function deserializeKerasObject(value: unknown, options: DeserializeOptions = {}): unknown {
  if (Array.isArray(value)) return value.map((entry) => deserializeKerasObject(entry, options));
  if (typeof value !== 'object' || value === null) return value;
  if (!isNode(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, deserializeKerasObject(entry, options)]),
    );
  }
  return fromNode(checkNode('deserializeKerasObject', value), options);
}

/** The object of a checked node. */
export function fromNode(node: ConfigNode, options: DeserializeOptions = {}): unknown {
  const {class_name: className, config} = node;
  if (className === '__tensor__' || className === '__numpy__') return tensorFrom(config);
  if (className === '__lambda__') {
    throw new ValueError(
      'deserializeKerasObject: a Python lambda cannot be loaded: the code of a Lambda is never run here, whatever safe_mode says; register a named function with registerKerasSerializable',
    );
  }
  if (className === 'function') {
    const name = typeof config === 'string' ? config : '';
    return findObject(name, {...node, registered_name: null}, options);
  }
  const cls = findObject(className, node, options);
  const inner = typeof config === 'string' || config === null ? {} : config;
  return withName(className, inner['name'], () => {
    const object = construct(className, cls, inner, options);
    const build = node.build_config;
    if (build !== undefined && build !== null && has(object, 'buildFromConfig')) object.buildFromConfig(build);
    const compile = node.compile_config;
    if (compile !== undefined && compile !== null && has(object, 'compileFromConfig'))
      object.compileFromConfig(compile);
    return object;
  });
}

/** Says in which object something was wrong: the innermost first. */
function withName<T>(className: string, name: unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const told =
      error instanceof KeratinError || !(error instanceof Error)
        ? error
        : new ValueError(
            `deserializeKerasObject: ${className} cannot be made from its config, where a value may be of the wrong kind: ${error.message}`,
            {cause: error},
          );
    if (typeof name === 'string' && told instanceof KeratinError) told.message += `; in "${name}"`;
    throw told;
  }
}

type FromConfig = 'buildFromConfig' | 'compileFromConfig';

function has<K extends FromConfig>(value: unknown, method: K): value is Record<K, (config: Config) => void> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof Reflect.get(value, method) === 'function';
}

function tensorFrom(config: ConfigNode['config']): Tensor {
  if (typeof config !== 'object' || config === null)
    throw new ValueError('deserializeKerasObject: a tensor without values');
  const dtype = config['dtype'];
  return tensor(config['value'] as readonly number[], typeof dtype === 'string' ? (dtype as 'float32') : 'float32');
}

function findObject(name: string, node: ConfigNode, {customObjects}: DeserializeOptions): Serializable {
  const id = node.registered_name ?? null;
  const custom =
    (id === null ? undefined : getRegisteredObject(id, customObjects)) ?? getRegisteredObject(name, customObjects);
  if (custom !== undefined) return custom;
  const module = node.module ?? null;
  const found = module === null ? undefined : publicObject(module, name);
  if (found !== undefined) return found;
  const as = id === null || id === name ? '' : ` (registered as "${id}")`;
  const where = `${module === null ? '' : ` of module "${module}"`}${as}`;
  throw new UnknownOptionError(
    `deserializeKerasObject: "${name}"${where} is not known; register it with registerKerasSerializable or pass it in customObjects` +
      hint(id ?? name, registeredIds()),
  );
}

/** An instance of a class from its inner config: by its `fromConfig`, else options by mechanical names. */
export function construct(
  name: string,
  cls: Serializable,
  config: Config,
  {customObjects}: DeserializeOptions = {},
): unknown {
  const own: Deserializable = cls as Deserializable;
  if (own.fromConfig !== undefined) return own.fromConfig(config, customObjects);
  if (!('prototype' in cls)) throw new ValueError(`deserializeKerasObject: "${name}" is a function, not a class`);
  return constructFrom(cls, own.positional ?? [], config);
}

/** `new cls(...positional, options)`: config keys that a class declares as positional, the rest as camelCase options. */
export function constructFrom(cls: Serializable, positional: readonly string[], config: Config): unknown {
  const options = toOptions(config);
  const first = positional.map((name) => {
    const value = options[name];
    Reflect.deleteProperty(options, name);
    return value;
  });
  return Reflect.construct(cls as new (...args: readonly unknown[]) => unknown, [...first, options]);
}
