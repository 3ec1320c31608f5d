import {UnknownOptionError, ValueError} from '../errors.js';
import {checkOptions, describe} from '../suggest.js';

/** A class or function that configs can name. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- only its identity and name are used
export type Serializable = Function | (abstract new (...args: never[]) => unknown);

/** Where a class of the library lives in Keras's public namespace. */
export interface PublicName {
  /** Such as `keras.layers`. */
  readonly module: string;
  readonly name: string;
}

const publicNames = new Map<Serializable, PublicName>();
const publicObjects = new Map<string, Serializable>();
const registered = new Map<string, Serializable>();
const registeredNames = new Map<Serializable, string>();

/** Makes a class or function of the library known to configs under Keras's public name. */
export function registerPublic(object: Serializable, {module, name}: PublicName): void {
  if (!publicNames.has(object)) publicNames.set(object, {module, name});
  publicObjects.set(`${module}.${name}`, object);
}

export function publicNameOf(object: Serializable): PublicName | undefined {
  return publicNames.get(object);
}

export function publicObject(module: string, name: string): Serializable | undefined {
  return publicObjects.get(`${module}.${name}`);
}

/** Options of {@link registerKerasSerializable}. */
export interface RegisterOptions {
  /** The part before `>`. Default `'Custom'`. */
  package?: string | undefined;
  /** The part after `>`. Default: the class's or function's own name. */
  name?: string | undefined;
}

type Constructor = abstract new (...args: never[]) => unknown;

/**
 * Lets configs and files name a class or function of yours: it is saved as `package>name` and found again by it, also as a
 * string id such as `'Custom>myActivation'`. Works as a call and as a class decorator.
 *
 * @example
 * registerKerasSerializable(MyLayer, {package: 'Custom'});
 * @registerKerasSerializable({package: 'Custom'})
 * class Other extends layers.Layer {...}
 * @throws ValueError where it has no name or the name is taken by something else
 */
export function registerKerasSerializable<T extends Constructor>(
  cls: T,
  options?: RegisterOptions | ClassDecoratorContext,
): T;
export function registerKerasSerializable<A extends readonly never[], R>(
  fn: (...args: A) => R,
  options?: RegisterOptions,
): (...args: A) => R;
export function registerKerasSerializable(
  options?: RegisterOptions,
): <T extends Constructor>(cls: T, context?: ClassDecoratorContext) => T;
export function registerKerasSerializable(
  object?: Serializable | RegisterOptions,
  options?: RegisterOptions | ClassDecoratorContext,
): unknown {
  if (typeof object !== 'function') {
    return <T extends Constructor>(cls: T) => {
      register(cls, object);
      return cls;
    };
  }
  // As a bare decorator the second argument is the decorator's context.
  register(object, options !== undefined && 'kind' in options ? {} : options);
  return object;
}

function register(object: Serializable, options: RegisterOptions = {}): void {
  checkOptions('registerKerasSerializable', options, ['package', 'name'], {pkg: 'package'});
  const {package: scope = 'Custom', name = object.name} = options;
  if (typeof scope !== 'string' || typeof name !== 'string' || name === '' || `${scope}${name}`.includes('>')) {
    throw new ValueError(
      `registerKerasSerializable: package and name are non-empty strings without ">", got ${describe(scope)} and ${describe(name)}`,
    );
  }
  const id = `${scope}>${name}`;
  const other = registered.get(id);
  if (other !== undefined && other !== object) {
    throw new ValueError(`registerKerasSerializable: "${id}" is already registered for ${describe(other)}`);
  }
  registered.set(id, object);
  globals[id] = object;
  registeredNames.set(object, id);
}

/** `package>name` of a registered class or function, its own name for others. */
export function getRegisteredName(object: Serializable): string {
  return registeredNames.get(object) ?? object.name;
}

/** Classes and functions by the name that configs use for them. */
export type CustomObjects = Readonly<Record<string, unknown>>;

const globals: Record<string, unknown> = {};

/**
 * The dictionary of all classes and functions that configs may name: the registered ones, and what is put into it.
 *
 * @example
 * getCustomObjects()['swish2'] = (x: Tensor) => x.mul(ops.sigmoid(x));
 */
export function getCustomObjects(): Record<string, unknown> {
  return globals;
}

let scopes: readonly CustomObjects[] = [];

export function openScope(objects: CustomObjects): void {
  scopes = [objects, ...scopes];
}
export function closeScope(objects: CustomObjects): void {
  scopes = scopes.filter((open) => open !== objects);
}

/** Runs `fn` with classes and functions that configs may name, beside the registered ones. */
export function withCustomObjects<T>(objects: CustomObjects, fn: () => T): T {
  const outer = scopes;
  scopes = [objects, ...outer];
  try {
    return fn();
  } finally {
    scopes = outer;
  }
}

/** What a name stands for: among `customObjects`, the scopes around, and what was registered. */
export function getRegisteredObject(name: string, customObjects: CustomObjects = {}): Serializable | undefined {
  for (const objects of [customObjects, ...scopes, globals]) {
    if (!Object.hasOwn(objects, name)) continue;
    const found = objects[name];
    if (typeof found === 'function') return found;
    throw new UnknownOptionError(`customObjects: "${name}" must be a class or a function, got ${describe(found)}`);
  }
  return registered.get(name);
}

/** All registered ids, for messages. */
export function registeredIds(): string[] {
  return [...registered.keys()];
}
