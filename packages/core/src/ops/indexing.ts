import {type DType, type Element} from '../dtype.js';
import {floatx} from '../config.js';
import {IndexError, ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import * as indexing from '../primitives/indexing.js';
import {broadcastShapes, checkAxis, checkShape, type Shape, show, sizeOf} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {type Index} from '../tensor/indexing/plan.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toPair, toTensor} from './convert.js';
import {where} from './elementwise.js';
import {arange} from './create.js';
import {checkIntegers, checkList} from './lists.js';
import {nonzero, toIndices} from './nonzero.js';
import {oneHot} from './nn.js';
import {max} from './reduction.js';
import {broadcastTo, moveaxis, pad, stack} from './shape.js';

// Reading and writing by index.

/** For each position of `indices`, the element of x with that index along an axis (of the flattened tensor where it is null). */
export function takeAlongAxis(x: AnyTensorLike, indices: AnyTensorLike, axis: number | null = null): Tensor {
  const op = 'takeAlongAxis';
  const value: Tensor = toTensor(x, op);
  const index = toIndices(indices, op);
  if (axis === null) return takeAlongAxis(value.reshape([-1]), index.reshape([-1]), 0);
  if (index.ndim !== value.ndim) {
    throw new ShapeError(`${op}: x and indices must have one rank, got ${show(value.shape)} and ${show(index.shape)}`);
  }
  const at = checkAxis(op, axis, value.ndim);
  if (value.ndim === 1) return apply(indexing.gather, [value, index], {axis: 0}, op);
  const from = moveaxis(value, at, -1);
  const which = moveaxis(index, at, -1);
  const outer = broadcastShapes(from.shape.slice(0, -1), which.shape.slice(0, -1));
  if (outer === null) {
    throw new ShapeError(
      `${op}: shapes must broadcast but for axis ${String(axis)}, got x ${show(value.shape)} and indices ${show(index.shape)}`,
    );
  }
  const shape: Shape = [...outer, which.shape.at(-1) ?? null];
  if (isSymbolic(value) || isSymbolic(index)) {
    return symbolicTensor({
      shape: [...shape.slice(0, at), shape.at(-1) ?? null, ...shape.slice(at, -1)],
      dtype: value.dtype,
    });
  }
  const n = from.dim(-1);
  // Without -1: there may be no element to tell it from.
  const count = sizeOf(outer) ?? -1;
  const rows = broadcastTo(from, [...outer, n]).reshape([count, n]);
  const columns = broadcastTo(which, shape).reshape([count, which.dim(-1)]);
  // Pairs of row and column, so that each index is checked against its axis.
  const row = broadcastTo(castTo(arange(rows.dim(0)), index.dtype).reshape([-1, 1]), columns.shape);
  const taken: Tensor = apply(indexing.gatherNd, [rows, stack([row, columns], -1)], undefined, op);
  return moveaxis(taken.reshape(shape.map(Number)), -1, at);
}

/** What `x.at(...key)` gives. */
export function getItem(x: AnyTensorLike, key: readonly Index[]): Tensor {
  const value: Tensor = toTensor(x, 'getItem');
  const isList: boolean = Array.isArray(key);
  if (!isList) throw new IndexError(`getItem: key must be a list of indices, got ${describe(key)}`);
  return value.at(...key);
}

const numbers = (x: AnyTensorLike | readonly number[], op: string): number[] =>
  Array.from(toTensor<Element>(x, op).data() as ArrayLike<number | bigint>, Number);

/** A copy of `inputs` with `updates` in the block that begins at the indices. */
export function sliceUpdate(
  inputs: AnyTensorLike,
  startIndices: AnyTensorLike | readonly number[],
  updates: AnyTensorLike,
): Tensor {
  const op = 'sliceUpdate';
  const [value, block] = toPair(inputs, updates, op);
  const starts = numbers(startIndices, op);
  const fits =
    block.ndim === value.ndim &&
    starts.length === value.ndim &&
    starts.every((start, i) => start >= 0 && start + block.dim(i) <= value.dim(i));
  if (!fits) {
    throw new ShapeError(
      `${op}: updates ${show(block.shape)} at [${starts.join(', ')}] do not fit into inputs ${show(value.shape)}`,
    );
  }
  const width = starts.map((start, i) => [start, value.dim(i) - start - block.dim(i)] as const);
  return where(pad(block.onesLike().cast('bool'), width), pad(block, width), value);
}

/** Zeros of a shape with values added at indices [..., k] into its first k axes; values at one place add up. */
export function scatter(indices: AnyTensorLike, values: AnyTensorLike, shape: readonly number[]): Tensor {
  const value: Tensor = toTensor(values, 'scatter');
  return apply(
    indexing.scatterAdd,
    [toIndices(indices, 'scatter'), value],
    {shape: checkShape('scatter', shape)},
    'scatter',
  );
}

/** TensorFlow's name of {@link scatter}. */
export const scatterNd = scatter;

/** How updates combine with what is there. */
export type ScatterReduction = 'add' | 'max' | 'min' | 'mul';

/** A copy of `inputs` with updates written (or combined) at indices [..., k] into its first k axes. */
export function scatterUpdate(
  inputs: AnyTensorLike,
  indices: AnyTensorLike,
  updates: AnyTensorLike,
  options: {reduction?: ScatterReduction | null | undefined} = {},
): Tensor {
  const op = 'scatterUpdate';
  checkOptions(op, options, ['reduction']);
  const reduction = options.reduction ?? null;
  if (reduction !== null) checkChoice(op, 'reduction', reduction, ['add', 'max', 'min', 'mul']);
  const [value, wanted] = toPair(inputs, updates, op);
  const index = toIndices(indices, op);
  const depth = index.dim(-1);
  const updated = broadcastTo(wanted, [...index.shape.slice(0, -1), ...value.shape.slice(depth)]);
  return apply(indexing.scatterUpdate, [index, updated, value], {mode: reduction ?? 'set'}, op);
}

/** Entries at indices [..., k] of the first k axes. */
export function gatherNd(x: AnyTensorLike, indices: AnyTensorLike): Tensor {
  return apply(indexing.gatherNd, [toTensor(x, 'gatherNd'), toIndices(indices, 'gatherNd')], undefined, 'gatherNd');
}

/** For each element the choice of the first condition that holds, else the default. */
export function select(
  conditions: readonly AnyTensorLike[],
  choices: readonly AnyTensorLike[],
  options: {default?: AnyTensorLike | undefined} = {},
): Tensor {
  checkOptions('select', options, ['default']);
  checkList('select', 'conditions', conditions);
  checkList('select', 'choices', choices);
  if (conditions.length !== choices.length || conditions.length === 0) {
    throw new ValueError(
      `select: as many choices as conditions are needed, got ${String(choices.length)} and ${String(conditions.length)}`,
    );
  }
  let result: AnyTensorLike = options.default ?? 0;
  for (let i = conditions.length - 1; i >= 0; i--) result = where(conditions[i] ?? false, choices[i] ?? 0, result);
  return toTensor(result, 'select');
}

/** The elements where a mask is true. The mask covers axes from `axis` on. */
export function booleanMask(x: AnyTensorLike, mask: AnyTensorLike, options: {axis?: number | undefined} = {}): Tensor {
  const op = 'booleanMask';
  checkOptions(op, options, ['axis']);
  const value: Tensor = toTensor(x, op);
  const flags = castTo<boolean>(toTensor<Element>(mask, op), 'bool');
  const at = checkAxis(op, options.axis ?? 0, value.ndim);
  const covered = value.shape.slice(at, at + flags.ndim);
  if (flags.ndim === 0 || show(covered) !== show(flags.shape)) {
    throw new ShapeError(
      `${op}: the mask must have the shape of the axes from ${String(at)} on, got x ${show(value.shape)} and mask ${show(flags.shape)}`,
    );
  }
  const [positions] = nonzero(flags.reshape([-1]));
  const rest = [...value.shape.slice(0, at), -1, ...value.shape.slice(at + flags.ndim)].map(Number);
  return value.reshape(rest).take(positions ?? 0, at);
}

/** Every `strides[i]`-th element of axis i from begin to end (left out). Negative positions count from the end. */
export function stridedSlice(
  x: AnyTensorLike,
  begin: readonly number[],
  end: readonly number[],
  strides?: readonly number[],
): Tensor {
  const value: Tensor = toTensor(x, 'stridedSlice');
  checkIntegers('stridedSlice', 'begin', begin);
  checkIntegers('stridedSlice', 'end', end);
  if (strides !== undefined) checkIntegers('stridedSlice', 'strides', strides);
  if (begin.length !== end.length || (strides !== undefined && strides.length !== begin.length)) {
    throw new ShapeError('stridedSlice: begin, end and strides must have one length');
  }
  const parts = begin.map((from, i) => `${String(from)}:${String(end[i])}:${String(strides?.[i] ?? 1)}` as Index);
  return value.at(...parts);
}

/** y with y[x[i]] = i, for a permutation x of 0 to n - 1. */
export function invertPermutation(x: AnyTensorLike): Tensor {
  const value = toIndices(x, 'invertPermutation');
  const n = value.dim(0);
  const seen = new Set(numbers(value, 'invertPermutation'));
  if (value.ndim !== 1 || seen.size !== n || [...seen].some((i) => i < 0 || i >= n)) {
    throw new ValueError(`invertPermutation: a permutation of 0 to ${String(n - 1)} is needed`);
  }
  return scatter(value.reshape([-1, 1]), castTo(arange(n), value.dtype), [n]);
}

/** Windows of `sequenceLength` elements of the last axis that begin `sequenceStride` apart. */
export function extractSequences(x: AnyTensorLike, sequenceLength: number, sequenceStride: number): Tensor {
  const value: Tensor = toTensor(x, 'extractSequences');
  if (!Number.isInteger(sequenceLength) || sequenceLength < 1) {
    throw new ValueError(
      `extractSequences: sequenceLength must be a positive integer, got ${describe(sequenceLength)}`,
    );
  }
  if (!Number.isInteger(sequenceStride) || sequenceStride < 1) {
    throw new ValueError(
      `extractSequences: sequenceStride must be a positive integer, got ${describe(sequenceStride)}`,
    );
  }
  if (value.ndim === 0) throw new ShapeError('extractSequences: x must have rank 1 or more, got shape ()');
  const n = value.dim(-1);
  const count = Math.max(Math.floor((n - sequenceLength) / sequenceStride) + 1, 0);
  const starts = arange(count).mul(sequenceStride).reshape([-1, 1]);
  return value.take(starts.add(arange(sequenceLength)), value.ndim - 1);
}

/** 1 for every class that occurs along the last axis of integers, 0 elsewhere. */
export function multiHot(
  inputs: AnyTensorLike,
  numClasses: number,
  options: {axis?: number | undefined; dtype?: DType | undefined} = {},
): Tensor {
  checkOptions('multiHot', options, ['axis', 'dtype']);
  const value: Tensor = toTensor(inputs, 'multiHot');
  const {axis = -1, dtype = floatx()} = options;
  const hot = oneHot(value, numClasses, {axis, dtype});
  return max(hot, value.ndim > 1 ? 1 : 0);
}
