import {type Element} from './dtype.js';
import {Variable} from './tensor/variable.js';

/**
 * Base of classes that hold Variables: it finds those in fields, arrays, Maps, Sets and plain objects, in other modules and
 * in whatever has `variables` of its own (layers, models, optimizers). `#private` fields cannot be seen.
 *
 * @example
 * class Line extends Module {
 *   slope = new Variable(1);
 *   offset = new Variable(0);
 * }
 * new Line().variables.length; // 2
 */
export class Module {
  /** All Variables, each once, in the order of the fields. */
  get variables(): readonly Variable<Element>[] {
    return collect(this).variables;
  }

  /** The Variables that optimizers may change. */
  get trainableVariables(): readonly Variable[] {
    return this.variables.filter((variable): variable is Variable => variable.trainable);
  }

  /** All modules inside this one, each once; one that holds others comes before them. */
  get submodules(): readonly Module[] {
    return collect(this).modules;
  }
}

interface Found {
  readonly variables: Variable<Element>[];
  readonly modules: Module[];
}

function collect(root: Module): Found {
  const found: Found = {variables: [], modules: []};
  const seen = new Set<unknown>([root]);
  for (const key of Object.keys(root)) visit(Reflect.get(root, key), found, seen);
  return found;
}

function visit(value: unknown, found: Found, seen: Set<unknown>): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Variable) {
    found.variables.push(value as Variable<Element>);
  } else if (value instanceof Module) {
    found.modules.push(value);
    for (const key of Object.keys(value)) visit(Reflect.get(value, key), found, seen);
  } else if (Array.isArray(value) || value instanceof Set || value instanceof Map) {
    for (const item of value as Iterable<unknown>) visit(item, found, seen);
  } else if (isPlain(value)) {
    for (const item of Object.values(value)) visit(item, found, seen);
  } else if ('variables' in value && Array.isArray(value.variables)) {
    for (const item of value.variables as readonly unknown[]) if (item instanceof Variable) visit(item, found, seen);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
