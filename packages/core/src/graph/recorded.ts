import {InternalError, KeratinError} from '../errors.js';
import {Tensor} from '../tensor/tensor.js';
import {type AnyFunction, callRecorded, defineOperation} from './operation.js';

// The functions of `ops` as users call them: on tensors with values nothing changes; a call on a symbolic tensor becomes a node of the
// graph that a functional model is made of.

function isSymbolic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Tensor) return value.source === null;
  return Array.isArray(value) && value.some((entry) => entry instanceof Tensor && entry.source === null);
}

const VARIADIC: ReadonlySet<string> = new Set(['einsum', 'scaleAndTranslate', 'switch', 'switchOp']);

/** They call functions of the user, whose errors are not theirs. */
const CALLING: ReadonlySet<string> = new Set([
  'associativeScan',
  'cond',
  'foriLoop',
  'jvp',
  'map',
  'scan',
  'switch',
  'switchOp',
  'vectorize',
  'vectorizedMap',
  'whileLoop',
]);

/** An error that names the function that was called, also where what that is composed of found the mistake. */
function naming(operation: string, error: unknown): unknown {
  if (!(error instanceof KeratinError) || error instanceof InternalError || CALLING.has(operation)) return error;
  const {message, stack} = error;
  if (new RegExp(`\\b${operation}\\b`).test(message)) return error;
  error.message = `${operation}: ${message}`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}

/** A function whose calls on symbolic tensors become nodes under the operation's name. */
export function recorded(operation: string, fn: AnyFunction): AnyFunction {
  // No operation has more parameters, but for these.
  if (VARIADIC.has(operation)) {
    return (...args) => {
      try {
        return args.some(isSymbolic) ? callRecorded(operation, args) : fn(...args);
      } catch (error) {
        throw naming(operation, error);
      }
    };
  }
  return (a, b, c, d, e, f) => {
    try {
      return isSymbolic(a) || isSymbolic(b) || isSymbolic(c) || isSymbolic(d)
        ? callRecorded(operation, trimmed([a, b, c, d, e, f]))
        : fn(a, b, c, d, e, f);
    } catch (error) {
      throw naming(operation, error);
    }
  };
}

function trimmed(args: unknown[]): unknown[] {
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  return args;
}

/** All functions of a module, recorded, and those of its namespaces; a function of both (`linalg`) is one operation. */
export function recordedModule<M extends object>(module: M, outer: object = {}): M {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(module as Readonly<Record<string, unknown>>)) {
    if (typeof value === 'function') {
      const known: unknown = Reflect.get(outer, name);
      if (known === undefined) defineOperation(name, value as AnyFunction);
      made[name] = known ?? Object.defineProperty(recorded(name, value as AnyFunction), 'name', {value: name});
    }
  }
  for (const [name, value] of Object.entries(module as Readonly<Record<string, unknown>>)) {
    if (typeof value === 'object' && value !== null) made[name] = recordedModule(value, made);
  }
  return {...module, ...made};
}
