/** How an object answers when it is called like a function. */
export const invoke = Symbol('keratin.invoke');

/** How Node shows an object. */
export const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/**
 * Base of classes whose instances are called like functions: `layer(x)`, `loss(yTrue, yPred)`. An instance is a function whose
 * prototype is the class, so `instanceof`, methods, getters and private fields work as usual; ask `instanceof` before
 * `typeof`. Its own `name` and `length` are free for the class.
 */
export abstract class Callable {
  constructor() {
    const object = Object.setPrototypeOf(
      (...args: readonly unknown[]): unknown => object[invoke](...args),
      new.target.prototype,
    ) as Callable;
    Reflect.deleteProperty(object, 'name');
    Reflect.deleteProperty(object, 'length');
    return object;
  }

  /** @internal What a call does. */
  abstract [invoke](...args: readonly unknown[]): unknown;

  /** @internal Shown as an object of its class, not as a function. */
  [inspectCustom](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `${this.constructor.name} ${inspect(Object.assign({}, this), options)}`;
  }
}
