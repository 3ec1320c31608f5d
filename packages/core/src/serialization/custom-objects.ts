import {ValueError} from '../errors.js';
import {isPlainObject} from '../structure.js';
import {describe} from '../suggest.js';
import {closeScope, type CustomObjects, openScope} from './registration.js';

/**
 * Classes and functions that configs may name while it is open, beside the registered ones: until it is disposed of, or, with `using`, to the end of the
 * block. {@link customObjectScope} opens one for a function.
 *
 * @example
 * const scope = new CustomObjectScope({Antirectifier});
 * const model = await loadModel('model.keras');
 * scope[Symbol.dispose]();
 * @throws ValueError where the objects are no dictionary
 */
export class CustomObjectScope {
  readonly #objects: CustomObjects;

  constructor(customObjects: CustomObjects) {
    if (!isPlainObject(customObjects)) {
      throw new ValueError(
        `CustomObjectScope: classes and functions by name are needed, got ${describe(customObjects)}`,
      );
    }
    // A copy: the same dictionary may be open twice.
    this.#objects = {...customObjects};
    openScope(this.#objects);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    closeScope(this.#objects);
  }
}

/**
 * Runs `fn` with classes and functions that configs may name; where it returns a Promise, until that is settled.
 *
 * @example
 * const model = await customObjectScope({Antirectifier}, () => loadModel('model.keras'));
 */
export function customObjectScope<T>(customObjects: CustomObjects, fn: () => T): T {
  const scope = new CustomObjectScope(customObjects);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
  if (result instanceof Promise) {
    // The type of what `finally` gives is that of the promise itself.
    return result.finally(() => scope[Symbol.dispose]()) as T;
  }
  scope[Symbol.dispose]();
  return result;
}
