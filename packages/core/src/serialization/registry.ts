import {Callable} from '../callable.js';
import {UnknownOptionError, ValueError} from '../errors.js';
import {describe, hint, nearest} from '../suggest.js';
import {toSnakeCase} from '../naming.js';
import {checkNode, type ConfigNode, isNode} from './config.js';
import {
  type CustomObjects,
  getRegisteredObject,
  publicNameOf,
  registerPublic,
  type Serializable,
} from './registration.js';
import {construct, fromNode, serializeKerasObject} from './serialize.js';

/** Options of {@link Registry}. */
export interface RegistryOptions<T> {
  /** What messages call one: `initializer`. */
  readonly kind: string;
  /** Keras's public module: `keras.initializers`. */
  readonly module: string;
  /** Whether a value already is one. */
  readonly is: (value: unknown) => value is T;
  /** Makes one of a plain function, where functions are welcome. */
  readonly fromFunction?: ((fn: (...args: never[]) => unknown) => T) | undefined;
}

/** Strings, objects, functions and config nodes to objects of one kind: initializers, losses, optimizers. */
export class Registry<T> {
  readonly #options: RegistryOptions<T>;
  readonly #byId = new Map<string, Serializable>();
  readonly #names: string[] = [];

  constructor(options: RegistryOptions<T>) {
    this.#options = options;
  }

  /**
   * Adds a class or function under Keras's name, its snake case and other ids.
   * @param ids further string ids, such as `mse`
   */
  add(name: string, object: Serializable, ids: readonly string[] = []): void {
    registerPublic(object, {module: this.#options.module, name});
    // The snake case first: messages suggest it.
    for (const id of [toSnakeCase(name), ...ids, name]) {
      this.#byId.set(id, object);
      this.#names.push(id);
    }
  }

  /** All string ids. */
  get ids(): readonly string[] {
    return this.#names;
  }

  /** The class or function of a string id. */
  find(id: string, customObjects?: CustomObjects): Serializable {
    const found = getRegisteredObject(id, customObjects) ?? this.#byId.get(id);
    if (found !== undefined) return found;
    const {kind} = this.#options;
    if (id.includes('>')) {
      throw new UnknownOptionError(
        `${kind} "${id}" is not registered; register its class with registerKerasSerializable`,
      );
    }
    const near = nearest(id, this.#names);
    const tail = near === undefined ? hint(id, []) : `; did you mean "${near}"?`;
    throw new UnknownOptionError(`unknown ${kind} "${id}"${tail}`);
  }

  /** The object that an identifier stands for. */
  get(identifier: unknown, customObjects?: CustomObjects): T {
    const {kind, is, fromFunction} = this.#options;
    if (is(identifier)) return identifier;
    if (typeof identifier === 'string') return this.#make(identifier, this.find(identifier, customObjects));
    if (isNode(identifier)) return this.deserialize(identifier, customObjects);
    if (typeof identifier === 'function') return this.#make(identifier.name, identifier);
    const also = fromFunction === undefined ? '' : ', a function';
    throw new ValueError(
      `${kind}: a string id, an object${also} or a config node is needed, got ${describe(identifier)}`,
    );
  }

  #make(name: string, object: Serializable): T {
    const {kind, is, fromFunction} = this.#options;
    if (is(object)) return object;
    if (isClass(object)) {
      const made = construct(name, object, {});
      if (is(made)) return made;
    } else if (fromFunction !== undefined) {
      return fromFunction(object as (...args: never[]) => unknown);
    }
    throw new ValueError(`${kind}: ${describe(object)} is none`);
  }

  /** The config node of an object of this kind. */
  serialize(object: unknown): ConfigNode | string | null {
    return serializeKerasObject(object) as ConfigNode | string | null;
  }

  /** The object of a config node from outside; an old-style node without a module is looked up by class name. */
  deserialize(value: unknown, customObjects?: CustomObjects): T {
    const {kind, module, is} = this.#options;
    if (typeof value === 'string') return this.get(value, customObjects);
    const node = checkNode(`${kind} config`, value);
    if (node.class_name === 'function') {
      if (typeof node.config !== 'string')
        throw new ValueError(`${kind} config: a function has a name, got ${describe(node.config)}`);
      return this.get(node.config, customObjects);
    }
    const known = node.module ?? null;
    const custom = getRegisteredObject(node.registered_name ?? node.class_name, customObjects);
    let made: unknown;
    const id = node.registered_name ?? null;
    if (custom === undefined && known === null && id === null) {
      const config = typeof node.config === 'object' && node.config !== null ? node.config : {};
      made = construct(node.class_name, this.find(node.class_name, customObjects), config, {customObjects});
    } else {
      made = fromNode(node, {customObjects});
    }
    if (is(made)) return made;
    if (typeof made === 'function' && !(made instanceof Callable)) return this.#make(made.name, made);
    throw new ValueError(`${kind} config: ${node.class_name} of ${module} is none, got ${describe(made)}`);
  }

  /** Keras's name of an object's class, where it is one of the library's. */
  nameOf(object: Serializable): string | undefined {
    return publicNameOf(object)?.name;
  }
}

// Classes have a prototype that cannot be written to, functions one that can, arrow functions none.
function isClass(object: Serializable): boolean {
  return Object.getOwnPropertyDescriptor(object, 'prototype')?.writable === false;
}
