import {Callable, inspectCustom, invoke} from '../callable.js';
import {type Element} from '../dtype.js';
import {InternalError, UnknownOptionError} from '../errors.js';
import {autoName} from '../naming.js';
import {type Config} from '../serialization/config.js';
import {toConfigKey, toOptionName} from '../serialization/keys.js';
import {publicObject, registerPublic} from '../serialization/registration.js';
import {deserializeKerasObject, serializeKerasObject} from '../serialization/serialize.js';
import {isPlainObject, tensorsIn} from '../structure.js';
import {describe} from '../suggest.js';
import {isTensor, Tensor} from '../tensor/tensor.js';
import {fromKerasKey, toKerasKey} from './arguments.js';
import {isOutermost, type Node, recordNode, withinCall} from './node.js';
import {type Signature, signatureOf} from './signature.js';

type Values = Readonly<Record<string, unknown>>;
/** A function of `ops`. */
export type AnyFunction = (...args: readonly unknown[]) => unknown;

/** An operation of `ops` that was called on symbolic tensors: a part of a functional model, with Keras's class name and config. */
export abstract class RecordedOperation extends Callable {
  readonly name: string;
  /** Its name in `ops`. */
  readonly operation: string;
  readonly #fn: AnyFunction;
  readonly #signature: Signature;
  readonly #config: Values;
  readonly #nodes: Node<RecordedOperation>[] = [];

  constructor(operation: string, fn: AnyFunction, config: Values, name?: string) {
    super();
    const signature = signatureOf(operation);
    this.operation = operation;
    this.name = name ?? autoName(signature.className);
    this.#fn = fn;
    this.#signature = signature;
    this.#config = config;
  }

  get nodes(): readonly Node<RecordedOperation>[] {
    return this.#nodes;
  }

  /** The symbolic input of the first call. */
  get input(): unknown {
    const tensors = tensorsIn([this.#nodes[0]?.inputs, this.#nodes[0]?.options]);
    return tensors.length === 1 ? tensors[0] : tensors;
  }
  /** The symbolic output of the first call. */
  get output(): unknown {
    const outputs = this.#nodes[0]?.outputs ?? [];
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /** @internal Runs on the arguments of Keras's `call`; those given by name come last, in an object. */
  override [invoke](...args: readonly unknown[]): unknown {
    const last = args.at(-1);
    const named = args.length > 1 && isPlainObject(last);
    const inputs = named ? args.slice(0, -1) : args;
    const options = named ? last : {};
    if (!isOutermost() || !tensorsIn([inputs, options]).some(({symbolic}) => symbolic)) {
      return this.#fn(...this.#arguments(inputs, options));
    }
    return this.record(inputs, options, () => this.#fn(...this.#arguments(inputs, options)));
  }

  /** @internal Runs `fn` and remembers the call, where it gives symbolic tensors. */
  record(inputs: readonly unknown[], options: Values, fn: () => unknown): unknown {
    const taken = new Set(tensorsIn([inputs, options]));
    const result = withFresh(withinCall(fn), taken);
    const outputs = tensorsIn(result);
    if (outputs.length === 0) return result;
    this.#nodes.push(recordNode({operation: this, index: this.#nodes.length, inputs, options, outputs}));
    return result;
  }

  // The arguments of the function here.
  #arguments(inputs: readonly unknown[], options: Values): unknown[] {
    const {call, config, positional, merged, rest} = this.#signature;
    if (this.operation === 'getItem') return [inputs[0], fromKerasKey(inputs[1])];
    const values = new Map(Object.entries(this.#config));
    for (const {name, known} of config) if (!known) values.delete(name);
    if (rest === null) inputs.forEach((input, i) => values.set(call[i]?.name ?? '', input));
    for (const [key, value] of Object.entries(options)) values.set(toConfigKey(key), value);
    const named = [...values].filter(([key, value]) => !positional.includes(key) && value !== null);
    const extra = Object.fromEntries(named.map(([key, value]) => [toOptionName(key), value]));
    const hasExtra = named.length > 0;
    const args = positional
      .filter((name) => name !== rest)
      .map((name) => {
        const value = values.get(name) ?? undefined;
        return name === merged && hasExtra ? {[toOptionName(name)]: value, ...extra} : value;
      });
    if (rest !== null) return [...args, ...inputs];
    if (hasExtra && merged === null) return [...args, extra];
    while (args.length > 0 && args.at(-1) === undefined) args.pop();
    return args;
  }

  getConfig(): Config {
    const own = Object.entries(this.#config).map(([key, value]) => [key, serializeKerasObject(value ?? null)]);
    return {name: this.name, ...(Object.fromEntries(own) as Config)};
  }

  override toString(): string {
    return `<${this.#signature.className} name=${this.name}>`;
  }
  override [inspectCustom](): string {
    return this.toString();
  }
}

/** A result that is one of the arguments again stands for another place in the graph. */
function withFresh(result: unknown, taken: ReadonlySet<Tensor<Element>>): unknown {
  if (!isTensor(result) || !taken.has(result)) return result;
  return Tensor.create(result.shape, result.dtype, null);
}

type OperationClass = new (config: Values, name?: string) => RecordedOperation;

const classes = new Map<string, OperationClass>();
const functions = new Map<string, AnyFunction>();

/** Makes an operation known: what runs it, and its class under Keras's name. */
export function defineOperation(operation: string, fn: AnyFunction): void {
  functions.set(operation, fn);
}

function undefinedOperation(operation: string): never {
  throw new InternalError(`operation ${operation} is not defined`);
}

/** The class of an operation, made when it is first needed. */
function classOf(operation: string): OperationClass {
  const known = classes.get(operation);
  if (known !== undefined) return known;
  const fn = functions.get(operation) ?? undefinedOperation(operation);
  const {module, className} = signatureOf(operation);
  const cls = class extends RecordedOperation {
    constructor(config: Values, name?: string) {
      super(operation, fn, config, name);
    }
    static fromConfig(config: Config): RecordedOperation {
      return fromConfig(operation, config);
    }
  };
  Object.defineProperty(cls, 'name', {value: className});
  classes.set(operation, cls);
  registerPublic(cls, {module, name: className});
  return cls;
}

function fromConfig(operation: string, config: Config): RecordedOperation {
  const {className, config: parameters} = signatureOf(operation);
  const {name, ...given} = config;
  for (const {name: key, known, default: usual} of parameters) {
    if (known || given[key] === undefined) continue;
    if (JSON.stringify(given[key]) !== JSON.stringify(usual)) {
      throw new UnknownOptionError(`${className}: this library has no argument ${key}, got ${describe(given[key])}`);
    }
  }
  const values = Object.entries(given).map(([key, value]) => [key, deserializeKerasObject(value)] as const);
  return new (classOf(operation))(Object.fromEntries(values), typeof name === 'string' ? name : undefined);
}

let registered = false;

/** Makes the classes of all operations known to configs. */
export function registerOperations(): void {
  if (registered) return;
  registered = true;
  for (const operation of functions.keys()) {
    const {module, className} = signatureOf(operation);
    // Several names here may stand for one class there.
    if (publicObject(module, className) === undefined) classOf(operation);
  }
}

/** Calls an operation on arguments with symbolic tensors among them, as users call it. */
export function callRecorded(operation: string, args: readonly unknown[]): unknown {
  const fn = functions.get(operation) ?? undefinedOperation(operation);
  if (!isOutermost()) return fn(...args);
  const signature = signatureOf(operation);
  const {inputs, options, config} =
    operation === 'getItem' ? {inputs: [args[0], toKerasKey(args[1])], options: {}, config: {}} : bind(signature, args);
  // Errors come before a name is taken.
  const result = withinCall(() => fn(...args));
  if (!tensorsIn(result).some(({symbolic}) => symbolic)) return result;
  return new (classOf(operation))(config).record(inputs, options, () => result);
}

/** Arguments as they are given here, apart: those of Keras's call, by position and by name, and those of the class. */
function bind(
  {call, config, positional, merged, rest}: Signature,
  args: readonly unknown[],
): {inputs: readonly unknown[]; options: Values; config: Values} {
  const values = new Map<string, unknown>();
  const named: Record<string, unknown> = {};
  const spread = (options: Values): void => {
    for (const [key, value] of Object.entries(options)) values.set(toConfigKey(key), value);
  };
  const fixed = rest === null ? positional.length : positional.length - 1;
  args.slice(0, fixed).forEach((value, i) => {
    const name = positional[i] ?? '';
    if (name === merged && isPlainObject(value)) spread(value);
    else if (value !== undefined) values.set(name, value);
  });
  const others = args.slice(fixed);
  if (rest === null) for (const value of others) if (isPlainObject(value)) spread(value);
  const inputs: unknown[] = rest === null ? [] : [...others];
  const own: Record<string, unknown> = {};
  if (rest === null) {
    const last = call.findLastIndex(({name, byName}) => !byName && values.has(name));
    for (const [i, {name, byName, default: usual}] of call.entries()) {
      const value = values.get(name) ?? usual;
      if (byName) named[toOptionName(name)] = value ?? null;
      else if (i <= last) inputs.push(value ?? null);
    }
  }
  for (const {name, default: usual} of config) {
    const value = values.get(name) ?? usual ?? null;
    // A tensor of the graph is an argument of the call, whatever Keras does with it.
    if (tensorsIn(value).some(({symbolic}) => symbolic)) named[toOptionName(name)] = value;
    else own[name] = value;
  }
  const known = new Set([...call, ...config].map(({name}) => name));
  for (const [name, value] of values) if (!known.has(name)) own[name] = value;
  return {inputs, options: named, config: own};
}
