import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {isSymbolic, maskOf} from '../engine/hidden.js';
import {isRecording} from '../engine/recording.js';
import {isTraced, tracing} from '../engine/tracing.js';
import {traceBranch, traceLoop} from '../jit/region-tracer.js';
import {show} from '../shape.js';
import {flattenStructure, type Structured} from '../structure.js';
import {checkOptions, describe} from '../suggest.js';
import {slice} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';
import {toIndices} from './nonzero.js';
import {concatenate, flip, stack} from './shape.js';
import {
  commonSize,
  entriesOf,
  like,
  noneOf,
  packLike,
  sameForm,
  sameSpecs,
  stacked,
  symbolsOf,
  tensorsOf,
} from './structures.js';

// Branches and loops as operations. Their functions get tensors and give tensors; gradients go through what ran.

/** What decides: a boolean, or a tensor of one element (true where it is not zero). */
export type Condition = boolean | number | Tensor<boolean> | Tensor;

/** Tensors in lists and dictionaries, as deep as needed. */
export type TensorStructure = Structured<Tensor<Element>>;

const isList = (value: unknown): boolean => Array.isArray(value);

function checkFunction(op: string, name: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new ValueError(`${op}: ${name} must be a function, got ${describe(fn)}`);
}

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
 * jitted function both become parts of its program where they only compute (assign no Variable, draw and print nothing, read no value) and
 * no tape follows them; else the value of `pred` is read, and each way is a program of its own.
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
  const made = traceBranch(truthOf(pred), [() => leavesOf(trueFn(), forms), () => leavesOf(falseFn(), forms)], 'cond');
  const [first, second] = forms;
  return made === null || !sameForm(first, second) ? null : {value: packLike(first, made) as T};
}

/** A boolean without axes. */
const truthOf = (condition: Tensor<Element>): Tensor<boolean> =>
  (condition.dtype === 'bool' ? (condition as Tensor<boolean>) : condition.notEqual(0)).reshape([]);

/** The tensors of what a function gave, for a program; null where there is anything else, such as a mask. */
function leavesOf(value: unknown, forms: unknown[]): Tensor<Element>[] | null {
  forms.push(value);
  const leaves = flattenStructure(value);
  const plain = leaves.filter((leaf) => isTensor(leaf)).filter((leaf) => !leaf.mutable && maskOf(leaf) === null);
  return plain.length === leaves.length ? plain : null;
}

/** In a jitted function: the loop as a part of its program, where it only computes. */
function loopRegion(
  condition: (...variables: never[]) => Condition,
  next: (variables: readonly unknown[]) => unknown[],
  variables: readonly unknown[],
  limit: number,
): unknown[] | null {
  if (tracing === null || isRecording()) return null;
  const leaves = leavesOf(variables, []);
  if (leaves === null || leaves.some(isSymbolic)) return null;
  const pack = (states: readonly unknown[]) => packLike(variables, states) as unknown[];
  const goesOn = (states: readonly unknown[]) => {
    const found = condition(...(pack(states) as never[]));
    // What is known while compiling needs no loop in the program.
    return isTensor(found) && isTraced(found) && found.size === 1 ? [truthOf(found)] : null;
  };
  const body = (states: readonly unknown[]) => leavesOf(next(pack(states)), []);
  const made = traceLoop(goesOn, body, leaves, limit === Infinity ? null : limit, 'whileLoop');
  return made === null ? null : pack(made);
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
 * whatever its number of trips, where both functions only compute and no tape follows them; else each number of trips is a program.
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
  let variables: unknown[] = several ? tensorsOf(op, loopVars as unknown[]) : [tensorsOf(op, loopVars)];
  const after = (before: readonly unknown[]): unknown[] => {
    const result: unknown = body(...(before as never[]));
    return like(op, 'what body gives', several ? result : [result], variables);
  };
  const next = (): unknown[] => after(variables);
  const looped = loopRegion(cond, after, variables, limit);
  if (looped !== null) return several ? looped : looped[0];
  const given = variables;
  for (let i = 0; i < limit; i++) {
    const goOn = decide(op, 'what cond gives', cond(...(variables as never[])));
    if (goOn === null) {
      variables = next();
      return symbolsOf(several ? given : given[0]);
    }
    if (!goOn) break;
    variables = next();
  }
  return several ? variables : variables[0];
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
  const bounds = [lower, upper].map((bound): Tensor => castTo(toIndices(bound, op), 'int32', op));
  const [first, last] = bounds.map((bound) => {
    if (!isSymbolic(bound) && bound.size !== 1) {
      throw new ShapeError(`${op}: lower and upper must be one number each, got shape ${show(bound.shape)}`);
    }
    return isSymbolic(bound) ? null : bound.item();
  });
  let value = tensorsOf(op, initVal);
  if (first === null || first === undefined || last === null || last === undefined) {
    const index = toTensor(Int32Array.of(0), op).reshape([]);
    like(op, 'what bodyFun gives', bodyFun(index, value), value);
    return symbolsOf(value);
  }
  for (let i = first; i < last; i++) {
    value = like(op, 'what bodyFun gives', bodyFun(castTo(toTensor<Element>(i, op), 'int32'), value), value);
  }
  return value;
}

export interface ScanOptions {
  /** How many steps; needed where there is no `xs`. */
  length?: number | undefined;
  /** Whether to go from the last entry to the first. Default false. */
  reverse?: boolean | undefined;
  /** How many steps a compiled loop may take at once; the result is the same. Default 1. */
  unroll?: number | boolean | undefined;
}

/**
 * Goes through the first axis of `xs`: `f(carry, x)` gives the next carry and an output. Gives the last carry and all outputs, stacked.
 *
 * @example
 * scan((sum: Tensor, x: Tensor) => [sum.add(x), sum], tensor(0), tensor([1, 2, 3])); // [6, [0, 1, 3]]
 */
export function scan<C extends TensorStructure, X extends TensorStructure | null, Y extends TensorStructure | null>(
  f: (carry: C, x: X) => readonly [carry: C, y: Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
): [carry: C, ys: Y] {
  const op = 'scan';
  checkOptions(op, options, ['length', 'reverse', 'unroll']);
  checkFunction(op, 'f', f);
  const {length, reverse = false, unroll = 1} = options;
  if (typeof unroll !== 'boolean' && (!Number.isInteger(unroll) || unroll < 1)) {
    throw new ValueError(`${op}: unroll must be a positive integer or a boolean, got ${describe(unroll)}`);
  }
  if (length !== undefined && (!Number.isInteger(length) || length < 0)) {
    throw new ValueError(`${op}: length must be an integer of at least 0, got ${describe(length)}`);
  }
  const list = xs === null ? null : tensorsOf(op, xs);
  if (list === null && length === undefined) throw new ValueError(`${op}: xs or length is needed, got neither`);
  const count = list === null ? (length ?? 0) : commonSize(op, 'xs', list);
  if (length !== undefined && length !== count) {
    throw new ValueError(`${op}: length must be the size of xs, ${String(count)}, got ${String(length)}`);
  }
  let carry: C = tensorsOf(op, init);
  const step = (x: X): Y => {
    const result: unknown = f(carry, x);
    if (!Array.isArray(result) || result.length !== 2) {
      throw new ValueError(`${op}: f must return [carry, output], got ${describe(result)}`);
    }
    carry = like(op, 'the carry that f gives', result[0], carry);
    return (result[1] ?? null) as Y;
  };
  if (count === 0) {
    const start = carry;
    carry = symbolsOf(carry);
    const ys = noneOf(step(symbolsOf(list, true) as X));
    return [start, ys];
  }
  const entries: readonly X[] = list === null ? new Array<X>(count).fill(null as X) : entriesOf(list as X, count);
  const order = reverse ? [...entries].reverse() : entries;
  const outputs = order.map(step);
  return [carry, stacked(op, 'every output of f', reverse ? outputs.reverse() : outputs)];
}

function mapped<X extends TensorStructure, Y extends TensorStructure>(op: string, f: (x: X) => Y, xs: X): Y {
  checkFunction(op, 'f', f);
  const list = tensorsOf(op, xs);
  const count = commonSize(op, 'xs', list);
  if (count === 0) return noneOf(f(symbolsOf(list, true)));
  return stacked(op, 'every result of f', entriesOf(list, count).map(f));
}

/**
 * `f` of each entry of the first axis, stacked.
 *
 * @example
 * map((row: Tensor) => row.sum().mul(row), tensor([[1, 2], [3, 4]])); // [[3, 6], [21, 28]]
 */
export function map<X extends TensorStructure, Y extends TensorStructure>(f: (x: X) => Y, xs: X): Y {
  return mapped('map', f, xs);
}

/** The same as {@link map}; entries must not depend on each other. */
export function vectorizedMap<X extends TensorStructure, Y extends TensorStructure>(f: (x: X) => Y, elements: X): Y {
  return mapped('vectorizedMap', f, elements);
}

/** A part of an axis of every leaf. */
function along<T>(value: T, axis: number, start: number, stop: number | null, step = 1): T {
  const leaves = (flattenStructure(value) as Tensor[]).map((leaf) =>
    leaf.at(...new Array<':'>(axis).fill(':'), slice(start, stop, step)),
  );
  return packLike(value, leaves) as T;
}

/** Leaves of two structures side by side. */
function together<T>(a: T, b: T, fn: (x: Tensor, y: Tensor) => Tensor): T {
  const others = flattenStructure(b) as Tensor[];
  const leaves = (flattenStructure(a) as Tensor[]).map((leaf, i) => fn(leaf, others[i] ?? leaf));
  return packLike(a, leaves) as T;
}

/** a0 b0 a1 b1 ...; `a` may have one more. */
function interleaved(a: Tensor, b: Tensor, axis: number): Tensor {
  const count = b.dim(axis);
  const head = along(a, axis, 0, count);
  const shape = a.shape.map((n, i) => (i === axis ? 2 * count : (n ?? -1)));
  const pairs = stack([head, b], axis + 1).reshape(shape);
  return a.dim(axis) === count ? pairs : concatenate([pairs, along(a, axis, count, null)], axis);
}

/**
 * Running results of an associative function along an axis: x0, f(x0, x1), f(f(x0, x1), x2), ... in a logarithmic number of calls on
 * many entries at once (Blelloch, 1990).
 *
 * @example
 * associativeScan((a: Tensor, b: Tensor) => a.add(b), tensor([1, 2, 3])); // [1, 3, 6]
 */
export function associativeScan<T extends TensorStructure>(
  f: (a: T, b: T) => T,
  elems: T,
  options: {reverse?: boolean | undefined; axis?: number | undefined} = {},
): T {
  const op = 'associativeScan';
  checkOptions(op, options, ['reverse', 'axis']);
  checkFunction(op, 'f', f);
  const given: T = tensorsOf(op, elems);
  const {reverse = false, axis = 0} = options;
  commonSize(op, 'elems', given, axis);
  const rank = (flattenStructure(given) as Tensor[])[0]?.ndim ?? 0;
  const at = axis < 0 ? axis + rank : axis;
  const turned = (value: T): T =>
    packLike(
      value,
      (flattenStructure(value) as Tensor[]).map((leaf) => flip(leaf, at)),
    ) as T;
  const combine = (a: T, b: T): T => like(op, 'what f gives', f(a, b), a);
  const running = (value: T): T => {
    const count = commonSize(op, 'elems', value, at);
    if (count < 2) return value;
    // Pairs first; their running results are those of the odd places, and the even ones follow from their left neighbours.
    const pairs = combine(along(value, at, 0, count - 1, 2), along(value, at, 1, null, 2));
    const odd = running(pairs);
    const first = along(value, at, 0, 1);
    const before = count % 2 === 0 ? along(odd, at, 0, count / 2 - 1) : odd;
    const even =
      count === 2
        ? first
        : together(first, combine(before, along(value, at, 2, null, 2)), (a, b) => concatenate([a, b], at));
    return together(even, odd, (a, b) => interleaved(a, b, at));
  };
  return reverse ? turned(running(turned(given))) : running(given);
}
