import {UnknownOptionError, ValueError} from '@keratin/core';
import {describe, hint} from '@keratin/core/internal';
import {Callback, type CallbackHooks, HOOKS} from './callback.js';

const NAMES: readonly string[] = HOOKS;

/**
 * A callback made of functions. `fit` makes one of a plain object by itself.
 *
 * @example
 * new callbacks.LambdaCallback({onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss)});
 */
export class LambdaCallback extends Callback {
  constructor(hooks: CallbackHooks = {}) {
    super();
    for (const name of Object.keys(hooks)) {
      // Other members of the object are its own business; what looks like a hook is not.
      if (/^on[A-Z_]/.test(name) && !NAMES.includes(name)) {
        throw new UnknownOptionError(`callbacks: there is no hook "${name}"${hint(name, NAMES)}`);
      }
    }
    for (const name of HOOKS) {
      const hook: unknown = Reflect.get(hooks, name);
      if (hook === undefined) continue;
      if (typeof hook !== 'function') {
        throw new ValueError(`callbacks: the hook ${name} must be a function, got ${describe(hook)}`);
      }
      // Called on the object, so that its hooks can share state through `this`.
      const value = (...args: unknown[]): unknown => Reflect.apply(hook, hooks, args);
      Object.defineProperty(this, name, {value, configurable: true, writable: true});
    }
  }
}
