import {Tensor} from '../tensor/tensor.js';
import {type AnyFunction, callRecorded, defineOperation} from './operation.js';

// The functions of `ops` as users call them: on tensors with values nothing changes; a call on a symbolic tensor becomes a node of the
// graph that a functional model is made of.

function isSymbolic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Tensor) return value.source === null;
  return Array.isArray(value) && value.some((entry) => entry instanceof Tensor && entry.source === null);
}

const VARIADIC: ReadonlySet<string> = new Set(['einsum', 'switch', 'switchOp']);

/** A function whose calls on symbolic tensors become nodes under the operation's name. */
export function recorded(operation: string, fn: AnyFunction): AnyFunction {
  // No operation has more parameters, but for those that take any number of operands.
  if (VARIADIC.has(operation)) {
    return (...args) => (args.some(isSymbolic) ? callRecorded(operation, args) : fn(...args));
  }
  return (a, b, c, d, e, f) =>
    isSymbolic(a) || isSymbolic(b) || isSymbolic(c) || isSymbolic(d)
      ? callRecorded(operation, trimmed([a, b, c, d, e, f]))
      : fn(a, b, c, d, e, f);
}

function trimmed(args: unknown[]): unknown[] {
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  return args;
}

/** All functions of a module, recorded; a namespace within, such as `linalg`, holds the same ones. */
export function recordedModule<M extends object>(module: M): M {
  const made: Record<string, unknown> = {};
  const entries = Object.entries(module as Readonly<Record<string, unknown>>);
  for (const [name, value] of entries) {
    if (typeof value !== 'function') continue;
    defineOperation(name, value as AnyFunction);
    made[name] = Object.defineProperty(recorded(name, value as AnyFunction), 'name', {value: name});
  }
  const all = module as Readonly<Record<string, unknown>>;
  for (const [space, value] of entries) {
    if (typeof value !== 'object' || value === null) continue;
    const members = Object.entries(value as Readonly<Record<string, unknown>>);
    const own = members.map(([name, fn]): [string, unknown] => [name, all[name] === fn ? made[name] : fn]);
    made[space] = Object.fromEntries(own);
  }
  return {...module, ...made};
}
