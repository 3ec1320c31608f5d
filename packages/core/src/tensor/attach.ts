import {type Element} from '../dtype.js';
import {recorded} from '../graph/recorded.js';
import {Tensor} from './tensor.js';

type Method = (self: unknown, ...rest: readonly unknown[]) => unknown;

/** Makes a function of a tensor a method: it gets the tensor first. */
export function attach(name: string, fn: Method): void {
  const methods = {
    [name](this: Tensor<Element>, ...rest: readonly unknown[]) {
      return fn(this, ...rest);
    },
  };
  Object.defineProperty(Tensor.prototype, name, {value: methods[name], writable: true, configurable: true});
}

/** Makes operations methods of their names. */
export function attachOperations(
  operations: Readonly<Record<string, (self: never, ...rest: never[]) => unknown>>,
): void {
  for (const [name, fn] of Object.entries(operations)) attach(name, recorded(name, fn as Method));
}
