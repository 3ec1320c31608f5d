import {type Config, config, type FloatDType, type Tensor, ValueError} from '@keratin/core';
import {
  autoName,
  Callable,
  checkDType,
  checkOptions,
  constructFrom,
  invoke,
  isFloating,
  maskOf,
} from '@keratin/core/internal';
import {checkReduction, type Reduction, reduceWeighted} from './reduction.js';
import {type Labels, squeezeOrExpand, toDType} from './shapes.js';

/** Options of every loss. */
export interface LossOptions {
  /** Default: the class name in snake case. */
  name?: string | undefined;
  /** Default `'sum_over_batch_size'`: the mean over all entries. */
  reduction?: Reduction | undefined;
  /** What the loss computes in. Default `config.floatx()`; a dtype policy gives its compute dtype. */
  dtype?: FloatDType | undefined;
}

/** What a call takes beside targets and predictions. */
export interface LossCallOptions {
  /** A weight for each sample, or for each entry. */
  sampleWeight?: Labels | null | undefined;
}

const LOSS_KEYS = ['name', 'reduction', 'dtype'] as const;

const RENAMED = {from_logits: 'fromLogits', label_smoothing: 'labelSmoothing', ignore_class: 'ignoreClass'};

/** Checks a loss's options and gives its base class's ones, with the name that the class has by default. */
export function baseOptions(
  className: string,
  options: LossOptions,
  name: string,
  more: readonly string[] = [],
): LossOptions {
  checkOptions(className, options, [...more, ...LOSS_KEYS], RENAMED);
  return {name: options.name ?? name, reduction: options.reduction, dtype: options.dtype};
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are functions: see Callable
export interface Loss {
  /**
   * The reduced loss.
   * @param yTrue targets, of any dtype
   * @param yPred predictions; a mask that travels with them leaves entries out
   */
  (yTrue: Labels, yPred: Labels, options?: LossCallOptions): Tensor;
}

/**
 * Base of losses: subclasses give the loss of each entry, the base class weights and reduces them. Instances are called like
 * functions.
 *
 * @example
 * class Distance extends losses.Loss {
 *   call(yTrue: Tensor, yPred: Tensor) {
 *     return yPred.sub(yTrue).abs().mean(-1);
 *   }
 * }
 * new Distance()(yTrue, yPred);
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are functions: see Callable
export abstract class Loss extends Callable {
  readonly name: string;
  readonly reduction: Reduction;
  readonly dtype: FloatDType;

  constructor(options: LossOptions = {}) {
    super();
    const className = this.constructor.name;
    checkOptions(className, options, LOSS_KEYS, RENAMED);
    this.name = options.name ?? autoName(className);
    this.reduction =
      options.reduction === undefined ? 'sum_over_batch_size' : checkReduction(className, options.reduction);
    const dtype = checkDType(className, options.dtype ?? config.floatx());
    if (!isFloating(dtype)) throw new ValueError(`${className}: dtype must be floating, got ${dtype}`);
    this.dtype = dtype;
  }

  /**
   * The loss of each entry, not reduced.
   * @param yTrue targets, converted to the loss's dtype
   * @param yPred predictions, converted to the loss's dtype
   */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** @internal */
  override [invoke](yTrue: Labels, yPred: Labels, options: LossCallOptions = {}): Tensor {
    checkOptions(this.name, options, ['sampleWeight'], {sample_weight: 'sampleWeight'});
    const prediction = toDType(yPred, this.dtype, this.name);
    const losses = this.call(this.toTarget(yTrue), prediction);
    // A mask may travel with the predictions, or come from the loss itself (ignored classes).
    const inner = maskOf(losses);
    const outer = maskOf(yPred instanceof Object && 'extra' in yPred ? yPred : prediction);
    const mask = inner === null || outer === null ? (inner ?? outer) : inner.logicalAnd(outer);
    const {sampleWeight} = options;
    const weight =
      sampleWeight === undefined || sampleWeight === null ? null : toDType(sampleWeight, this.dtype, this.name);
    return reduceWeighted(toDType(losses, this.dtype, this.name), weight, mask, this.reduction, this.name);
  }

  /** @internal Targets in the form that `call` takes. */
  protected toTarget(yTrue: Labels): Tensor {
    return toDType(yTrue, this.dtype, this.name);
  }

  getConfig(): Config {
    return {name: this.name, reduction: this.reduction};
  }

  /** The loss of a config that `getConfig` gave: its keys are the options in snake case. */
  static fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    return constructFrom(this, [], config) as T;
  }
}

/** A loss for each entry from targets and predictions, such as `losses.meanSquaredError`. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** A loss made of a function. */
export class LossFunctionWrapper extends Loss {
  readonly fn: LossFunction;

  constructor(fn: LossFunction, options: LossOptions = {}) {
    if (typeof fn !== 'function') throw new ValueError('LossFunctionWrapper: a function (yTrue, yPred) is needed');
    super({...options, name: options.name ?? (fn.name === '' ? undefined : fn.name)});
    this.fn = fn;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(...squeezeOrExpand(yTrue, yPred));
  }
}
