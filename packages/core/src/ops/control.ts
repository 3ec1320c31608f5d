import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {isSymbolic} from '../engine/hidden.js';
import {isTraced, tracing} from '../engine/tracing.js';
import {traceBranch} from '../jit/regions.js';
import {show} from '../shape.js';
import {flattenStructure, type Structured} from '../structure.js';
import {checkOptions, describe} from '../suggest.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';
import {toIndices} from './nonzero.js';
import {leavesOf, loopRegion, truthOf} from './regions.js';
import {checkFunction, like, packLike, sameForm, sameSpecs, symbolsOf, tensorsOf} from './structures.js';

// Branches and loops as operations. Their functions get tensors and give tensors; gradients go through what ran.

/** What decides: a boolean, or a tensor of one element (true where it is not zero). */
export type Condition = boolean | number | Tensor<boolean> | Tensor;

/** Tensors in lists and dictionaries, as deep as needed. */
export type TensorStructure = Structured<Tensor<Element>>;

const isList = (value: unknown): boolean => Array.isArray(value);

/** The truth of a condition, or null where it is symbolic. */
function decide(op: string, name: string, condition: unknown): boolean | null {
  if (typeof condition === 'boolean') return condition;
  if (typeof condition === 'number') return condition !== 0;
  if (!isTensor(condition)) {
    throw new ValueError(`${op}: ${name} must be a boolean or a tensor of one element, got ${describe(condition)}`);
  }
  if (isSymbolic(condition)) return null;
  if (condition.size !== 1) {
    throw new ShapeError(`${op}: ${name} must be one boolean, got shape ${show(condition.shape)}`);
  }
  return Boolean(condition.item());
}

/**
 * What one of two functions gives: only that one is called. On symbolic tensors both are, and must give the same shapes and dtypes. In a
 * jitted function both become parts of its program, with their gradients, where they draw and print nothing and read no value; else the
 * value of `pred` is read, and each way is a program of its own.
 *
 * @example
 * const x = tensor([1, 2]);
 * cond(x.sum().greater(0), () => x.mul(2), () => x.sub(1)); // [2, 4]
 */
export function cond<T>(pred: Condition, trueFn: () => T, falseFn: () => T): T {
  checkFunction('cond', 'trueFn', trueFn);
  checkFunction('cond', 'falseFn', falseFn);
  const region = branchRegion(pred, trueFn, falseFn);
  if (region !== null) return region.value;
  const truth = decide('cond', 'pred', pred);
  if (truth !== null) return truth ? trueFn() : falseFn();
  const [first, second] = [trueFn(), falseFn()];
  if (!sameSpecs(first, second)) {
    throw new ShapeError(
      `cond: both functions must give the same shapes and dtypes, got ${specsOf(first)} and ${specsOf(second)}`,
    );
  }
  return symbolsOf(first);
}

/** In a jitted function: both ways as parts of its program, where they only compute. */
function branchRegion<T>(pred: Condition, trueFn: () => T, falseFn: () => T): {readonly value: T} | null {
  if (tracing === null || !isTensor(pred) || !isTraced(pred) || pred.size !== 1) return null;
  const forms: unknown[] = [];
  const ways = [() => leavesOf(trueFn(), forms), () => leavesOf(falseFn(), forms)] as const;
  const again = () => leavesOf(decide('cond', 'pred', pred) === true ? trueFn() : falseFn(), []) ?? [];
  const made = traceBranch('cond', truthOf(pred), ways, again);
  const [first, second] = forms;
  return made === null || !sameForm(first, second) ? null : {value: packLike(first, made) as T};
}

const specsOf = (value: unknown): string =>
  flattenStructure(value)
    .map((leaf) => (isTensor(leaf) ? `${leaf.dtype} ${show(leaf.shape)}` : describe(leaf)))
    .join(', ');

/**
 * The branch with this index, called on the operands; an index outside means the first or the last one.
 *
 * @example
 * switchOp(1, [(x: Tensor) => x.add(1), (x: Tensor) => x.square()], tensor([3])); // [9]
 */
export function switchOp<const A extends readonly unknown[], T>(
  index: AnyTensorLike,
  branches: readonly ((...operands: A) => T)[],
  ...operands: A
): T {
  const op = 'switch';
  if (!isList(branches) || branches.length === 0) {
    throw new ValueError(`${op}: branches must be a list of at least one function, got ${describe(branches)}`);
  }
  branches.forEach((branch, i) => {
    checkFunction(op, `branches[${String(i)}]`, branch);
  });
  const chosen: Tensor = castTo(toIndices(index, op), 'int32', op);
  if (isSymbolic(chosen)) {
    const [first, ...others] = branches.map((branch) => branch(...operands));
    const odd = others.find((other) => !sameSpecs(first, other));
    if (odd !== undefined) {
      throw new ShapeError(
        `${op}: all branches must give the same shapes and dtypes, got ${specsOf(first)} and ${specsOf(odd)}`,
      );
    }
    return symbolsOf(first as T);
  }
  if (chosen.size !== 1) throw new ShapeError(`${op}: index must be one number, got shape ${show(chosen.shape)}`);
  if (isTraced(chosen)) {
    const one = chosen.reshape([]);
    const from = (i: number): T => {
      const way = () => (branches[i] as (...list: A) => T)(...operands);
      return i === branches.length - 1 ? way() : cond(one.lessEqual(i), way, () => from(i + 1));
    };
    return from(0);
  }
  const branch = branches[Math.min(Math.max(chosen.item(), 0), branches.length - 1)];
  return (branch as (...list: A) => T)(...operands);
}
/** {@link switchOp} under Keras's name, which is a word of JavaScript. */
export {switchOp as switch};

/** Loop variables as the functions get them: numbers and booleans become tensors. */
export type LoopVariables<V> = {
  -readonly [K in keyof V]: V[K] extends number ? Tensor : V[K] extends boolean ? Tensor<boolean> : V[K];
};

export interface WhileLoopOptions {
  /** Default: no limit. */
  maximumIterations?: number | null | undefined;
}

/**
 * Calls `body` on the loop variables while `cond` holds of them. A list of variables is given as several arguments, and `body` gives a
 * list back; else there is one variable. Shapes and dtypes stay what they are. In a jitted function the loop becomes a part of its program,
 * whatever its number of trips, with its gradient, where `body` draws and prints nothing and reads no value; else each number of trips is
 * a program.
 *
 * @example
 * const [i, x] = whileLoop((i, x) => x.sum().less(100), (i, x) => [i.add(1), x.mul(2)], [tensor(0, 'int32'), tensor([1, 2])]);
 */
export function whileLoop<const V extends readonly unknown[]>(
  cond: (...loopVars: LoopVariables<V>) => Condition,
  body: (...loopVars: LoopVariables<V>) => Readonly<LoopVariables<V>>,
  loopVars: V,
  options?: WhileLoopOptions,
): LoopVariables<V>;
export function whileLoop<T extends TensorStructure>(
  cond: (loopVar: T) => Condition,
  body: (loopVar: T) => T,
  loopVars: T,
  options?: WhileLoopOptions,
): T;
export function whileLoop(
  cond: (...loopVars: never[]) => Condition,
  body: (...loopVars: never[]) => unknown,
  loopVars: unknown,
  options: WhileLoopOptions = {},
): unknown {
  const op = 'whileLoop';
  checkOptions(op, options, ['maximumIterations']);
  checkFunction(op, 'cond', cond);
  checkFunction(op, 'body', body);
  const limit = options.maximumIterations ?? Infinity;
  if (limit !== Infinity && (!Number.isInteger(limit) || limit < 0)) {
    throw new ValueError(`${op}: maximumIterations must be an integer of at least 0, got ${describe(limit)}`);
  }
  const several = Array.isArray(loopVars);
  const given: unknown[] = several ? tensorsOf(op, loopVars as unknown[]) : [tensorsOf(op, loopVars)];
  const next = (before: readonly unknown[]): unknown[] => {
    const result: unknown = body(...(before as never[]));
    return like(op, 'what body gives', several ? result : [result], given);
  };
  const steps = (): unknown[] => {
    let variables = given;
    for (let i = 0; i < limit; i++) {
      const goOn = decide(op, 'what cond gives', cond(...(variables as never[])));
      if (goOn === null) {
        next(variables);
        return symbolsOf(given);
      }
      if (!goOn) break;
      variables = next(variables);
    }
    return variables;
  };
  const region = loopRegion({
    op,
    condition: (states) => cond(...(states as never[])),
    body: (states) => [next(states as unknown[]), null],
    states: given,
    xs: null,
    limit: limit === Infinity ? null : limit,
    reverse: false,
    again: () => [steps(), null],
  });
  const last = region === null ? steps() : (region[0] as unknown[]);
  return several ? last : last[0];
}

/**
 * Calls `bodyFun` with i = lower, ..., upper - 1 (int32) and what the call before gave, `initVal` first.
 *
 * @example
 * foriLoop(0, 3, (i, x) => x.mul(2), tensor([1, 2])); // [8, 16]
 */
export function foriLoop<T extends TensorStructure>(
  lower: AnyTensorLike,
  upper: AnyTensorLike,
  bodyFun: (i: Tensor, value: T) => T,
  initVal: T,
): T {
  const op = 'foriLoop';
  checkFunction(op, 'bodyFun', bodyFun);
  const [lowest, highest] = [lower, upper].map((bound): Tensor => {
    const one: Tensor = castTo(toIndices(bound, op), 'int32', op);
    if (!isSymbolic(one) && one.size !== 1) {
      throw new ShapeError(`${op}: lower and upper must be one number each, got shape ${show(one.shape)}`);
    }
    return one;
  }) as [Tensor, Tensor];
  const start = tensorsOf(op, initVal);
  const next = (i: Tensor, value: T): T => like(op, 'what bodyFun gives', bodyFun(i, value), value);
  const number = (i: number): Tensor => castTo(toTensor<Element>(i, op), 'int32');
  if (isSymbolic(lowest) || isSymbolic(highest)) {
    next(number(0), start);
    return symbolsOf(start);
  }
  const steps = (): T => {
    let value = start;
    const last = highest.item();
    for (let i = lowest.item(); i < last; i++) value = next(number(i), value);
    return value;
  };
  // Where both bounds are known, so is the number of trips.
  const isKnown = !isTraced(lowest) && !isTraced(highest);
  const end = highest.reshape([]);
  const region = loopRegion({
    op,
    condition: isKnown ? null : (states) => (states as readonly [Tensor, T])[0].less(end),
    body: (states) => {
      const [i, value] = states as readonly [Tensor, T];
      return [[i.add(1), next(i, value)], null];
    },
    states: [lowest.reshape([]), start],
    xs: null,
    limit: isKnown ? Math.max(0, highest.item() - lowest.item()) : null,
    reverse: false,
    again: () => [[number(0), steps()], null],
  });
  return region === null ? steps() : (region[0] as readonly [Tensor, T])[1];
}
