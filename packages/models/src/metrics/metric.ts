import {
  type Config,
  config,
  type DType,
  type Element,
  type FloatDType,
  ops,
  type Tensor,
  Variable,
  ValueError,
} from '@keratin/core';
import {
  autoName,
  Callable,
  checkDType,
  checkOptions,
  concrete,
  constructFrom,
  describe,
  invoke,
  isNode,
} from '@keratin/core/internal';
import {type Labels} from '../losses/shapes.js';

/** Options of every metric. */
export interface MetricOptions<N extends string = string> {
  /** What logs call it. Default: the class name in snake case. */
  name?: N | undefined;
  /** What the metric computes in. Default `config.floatx()`. */
  dtype?: DType | undefined;
}

/** What an update takes beside its values. */
export interface UpdateOptions {
  /** A weight for each sample, or for each entry. */
  sampleWeight?: Labels | null | undefined;
}

/** A state of a metric: see {@link Metric.addVariable}. */
export interface MetricVariableOptions {
  /** Default `[]`. */
  shape?: readonly number[] | undefined;
  /** Default `'zeros'`; an initializer gives a tensor of the shape. */
  initializer?: 'zeros' | 'ones' | ((shape: readonly number[]) => Tensor) | undefined;
  /** Default: the metric's. */
  dtype?: DType | undefined;
  name?: string | undefined;
}

/** Names of the options of every metric. */
export const METRIC_KEYS = ['name', 'dtype'] as const;

/** Names of other libraries and older versions. */
export const RENAMED = {
  num_thresholds: 'numThresholds',
  from_logits: 'fromLogits',
  class_id: 'classId',
  top_k: 'topK',
  num_classes: 'numClasses',
} as const;

/** Checks a metric's options and gives its base class's ones, with the name that the class has by default. */
export function baseOptions<N extends string>(
  className: string,
  options: MetricOptions<N>,
  name: string | undefined,
  more: readonly string[] = [],
): MetricOptions<N> {
  checkOptions(className, options, [...more, ...METRIC_KEYS], RENAMED);
  // The default name is the default of N.
  return {name: options.name ?? (name as N | undefined), dtype: options.dtype};
}

// eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same type parameters
export interface Metric<N extends string = string> {
  /** Updates with these arguments and gives the result so far. */
  (...args: readonly (Labels | UpdateOptions)[]): Tensor;
}

/**
 * Base of metrics: numbers that are gathered over many batches. Subclasses keep their state in variables, add to it in
 * `updateState` and compute from it in `result`. Instances are called like functions: an update, then the result.
 *
 * @example
 * class Count extends metrics.Metric {
 *   readonly seen = this.addVariable({name: 'seen'});
 *   updateState(yTrue: Tensor) {
 *     this.seen.assignAdd(yTrue.length);
 *   }
 *   result() {
 *     return this.seen.readValue();
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are functions: see Callable
export abstract class Metric<const N extends string = string> extends Callable {
  readonly name: NoInfer<N>;
  readonly dtype: DType;
  /** Whether more is better ('up') or less ('down'); null where neither is known. Callbacks ask for it. */
  readonly direction: 'up' | 'down' | null = null;
  readonly #variables: Variable<Element>[] = [];

  constructor(options: MetricOptions<N> = {}) {
    super();
    const className = this.constructor.name;
    checkOptions(className, options, METRIC_KEYS, RENAMED);
    this.name = options.name ?? (autoName(className) as N);
    this.dtype = checkDType(className, dtypeOf(options.dtype));
  }

  /** Adds what these arguments say to the state. */
  abstract updateState(...args: never[]): void;

  /** The value so far. */
  abstract result(): Tensor;

  /** Starts over: every variable becomes 0. */
  resetState(): void {
    for (const variable of this.variables) {
      variable.assign(ops.zeros(concrete(variable.shape), variable.dtype));
    }
  }

  /** All state, that of metrics held in public fields included. */
  get variables(): readonly Variable<Element>[] {
    const nested = Object.values(this).filter((value) => value instanceof Metric);
    return [...this.#variables, ...nested.flatMap((metric) => metric.variables)];
  }

  /** Makes a state variable. */
  addVariable(options: MetricVariableOptions = {}): Variable {
    checkOptions(`${this.name}.addVariable`, options, ['shape', 'initializer', 'dtype', 'name']);
    const {shape = [], initializer = 'zeros', dtype = this.dtype, name = 'variable'} = options;
    const variable = new Variable(initialValue(initializer, shape, dtype, this.name), {name, trainable: false});
    variable.path = `${this.name}/${name}`;
    this.#variables.push(variable);
    return variable;
  }

  /** The same as {@link addVariable}. */
  addWeight(options: MetricVariableOptions = {}): Variable {
    return this.addVariable(options);
  }

  /** @internal */
  override [invoke](...args: readonly unknown[]): Tensor {
    this.updateState(...(args as never[]));
    return this.result();
  }

  getConfig(): Config {
    return {name: this.name, dtype: this.dtype};
  }

  /** Which constructor arguments are positional, by option name. */
  static readonly positional: readonly string[] = [];

  /** The metric of a config that `getConfig` gave: its keys are the arguments in snake case. */
  static fromConfig<T>(
    this: (new (...args: never[]) => T) & {readonly positional: readonly string[]},
    config: Config,
  ): T {
    return constructFrom(this, this.positional, config) as T;
  }
}

// Configs may hold a dtype policy instead of a name.
function dtypeOf(dtype: unknown): unknown {
  if (dtype === undefined || dtype === null) return config.floatx() satisfies FloatDType;
  if (isNode(dtype)) return (dtype['config'] as {name?: unknown} | undefined)?.name;
  return dtype;
}

function initialValue(
  initializer: MetricVariableOptions['initializer'],
  shape: readonly number[],
  dtype: DType,
  name: string,
): Tensor {
  if (typeof initializer === 'function') return ops.cast(initializer(shape), dtype);
  if (initializer === 'zeros') return ops.zeros(shape, dtype) as Tensor;
  if (initializer === 'ones') return ops.ones(shape, dtype) as Tensor;
  throw new ValueError(
    `${name}.addVariable: initializer must be 'zeros', 'ones' or a function of the shape, got ${describe(initializer)}`,
  );
}
