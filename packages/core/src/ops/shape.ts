import {type Element} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {gather} from '../primitives/indexing.js';
import * as movement from '../primitives/movement.js';
import {checkAxis, type Shape, show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {convertLike} from '../tensor/convert.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {checkIntegerOrList, checkIntegers} from './lists.js';
import {inParts} from './parts.js';

const anyTensor = (x: AnyTensorLike, op: string): Tensor => toTensor(x, op);

/** The same elements, row-major, in another shape; one size may be -1. */
export function reshape(x: AnyTensorLike, shape: readonly number[]): Tensor {
  if (!Array.isArray(shape))
    throw new ShapeError(`reshape: the new shape must be a list of sizes, got ${describe(shape)}`);
  return apply(movement.reshape, [anyTensor(x, 'reshape')], {shape});
}

/** Axes in another order; reversed without `axes`. */
export function transpose(x: AnyTensorLike, axes?: readonly number[] | null): Tensor {
  const value = anyTensor(x, 'transpose');
  if (axes !== undefined && axes !== null) checkIntegers('transpose', 'axes', axes);
  const order = axes ?? value.shape.map((_, i) => value.ndim - 1 - i);
  return apply(movement.transpose, [value], {axes: order});
}

/** Two axes exchanged. */
export function swapaxes(x: AnyTensorLike, axis1: number, axis2: number): Tensor {
  const value = anyTensor(x, 'swapaxes');
  const axes = value.shape.map((_, i) => i);
  const [a, b] = [checkAxis('swapaxes', axis1, value.ndim), checkAxis('swapaxes', axis2, value.ndim)];
  axes[a] = b;
  axes[b] = a;
  return apply(movement.transpose, [value], {axes});
}

/** Moves axes to other positions; the rest keep their order. */
export function moveaxis(
  x: AnyTensorLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const value = anyTensor(x, 'moveaxis');
  const from = [source].flat().map((axis) => checkAxis('moveaxis', axis, value.ndim));
  const to = [destination].flat().map((axis) => checkAxis('moveaxis', axis, value.ndim));
  if (from.length !== to.length) {
    throw new ShapeError(
      `moveaxis: as many destinations as sources are needed, got ${String(from.length)} and ${String(to.length)}`,
    );
  }
  const rest = value.shape.map((_, i) => i).filter((i) => !from.includes(i));
  const axes = value.shape.map((_, i) => (to.includes(i) ? (from[to.indexOf(i)] ?? 0) : (rest.shift() ?? 0)));
  return apply(movement.transpose, [value], {axes});
}

/** A new axis of size 1 (or several). */
export function expandDims(x: AnyTensorLike, axis: number | readonly number[]): Tensor {
  const value = anyTensor(x, 'expandDims');
  const list = [axis].flat();
  const rank = value.ndim + list.length;
  const at = new Set(list.map((a) => checkAxis('expandDims', a, rank)));
  const old = [...value.shape];
  const shape: Shape = Array.from({length: rank}, (_, i) => (at.has(i) ? 1 : (old.shift() ?? null)));
  return apply(movement.reshape, [value], {shape: openAsRest(shape)});
}

/** Without the axes of size 1, or without the one named. */
export function squeeze(x: AnyTensorLike, axis?: number | readonly number[] | null): Tensor {
  const value = anyTensor(x, 'squeeze');
  const named =
    axis === undefined || axis === null ? null : [axis].flat().map((a) => checkAxis('squeeze', a, value.ndim));
  for (const a of named ?? []) {
    if (value.shape[a] !== 1) {
      throw new ShapeError(`squeeze: axis ${String(a)} must have size 1, got shape ${show(value.shape)}`);
    }
  }
  const shape = value.shape.filter((n, i) => (named === null ? n !== 1 : !named.includes(i)));
  return apply(movement.reshape, [value], {shape: openAsRest(shape)});
}

const openAsRest = (shape: Shape): Shape =>
  shape.filter((n) => n === null).length === 1 ? shape.map((n) => n ?? -1) : shape;

/** Repeats along axes of size 1, without copying. */
export function broadcastTo(x: AnyTensorLike, shape: Shape): Tensor {
  checkIntegers('broadcastTo', 'the shape', shape);
  return apply(movement.broadcastTo, [anyTensor(x, 'broadcastTo')], {shape}, 'broadcastTo');
}

/** One-dimensional, row-major. */
export function ravel(x: AnyTensorLike): Tensor {
  return apply(movement.reshape, [anyTensor(x, 'ravel')], {shape: [-1]}, 'ravel');
}

/** {@link ravel} under its other name. */
export {ravel as flatten};

// Literals take the dtype of the first tensor in the list.
function toTensors(xs: readonly AnyTensorLike[], op: string): Tensor[] {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ValueError(`${op}: a list of at least one tensor is needed, got ${describe(xs)}`);
  }
  const first: Tensor<Element> | undefined = xs.find(isTensor);
  return xs.map((x: AnyTensorLike) =>
    first === undefined ? anyTensor(x, op) : (convertLike(x, first.dtype, op) as Tensor),
  );
}

// One instruction takes no more than 127 inputs.
const MOST_AT_ONCE = 100;

function join(list: readonly Tensor[], axis: number, op: string): Tensor {
  if (list.length <= MOST_AT_ONCE) return apply(movement.concatenate, [...list], {axis}, op);
  const parts: Tensor[] = [];
  for (let i = 0; i < list.length; i += MOST_AT_ONCE) parts.push(join(list.slice(i, i + MOST_AT_ONCE), axis, op));
  return join(parts, axis, op);
}

/** Joins tensors along an axis that exists. */
export function concatenate(xs: readonly AnyTensorLike[], axis = 0): Tensor {
  return join(toTensors(xs, 'concatenate'), axis, 'concatenate');
}

/** {@link concatenate} under its other name. */
export const concat = concatenate;

/** Joins tensors of one shape along a new axis. */
export function stack(xs: readonly AnyTensorLike[], axis = 0): Tensor {
  return join(
    toTensors(xs, 'stack').map((x) => expandDims(x, axis)),
    axis,
    'stack',
  );
}

/** Joins along the first axis; rank 1 becomes rows. */
export function vstack(xs: readonly AnyTensorLike[]): Tensor {
  const rows = toTensors(xs, 'vstack').map((x) =>
    x.ndim < 2 ? apply<{shape: Shape}>(movement.reshape, [x], {shape: [1, -1]}) : x,
  );
  return join(rows, 0, 'vstack');
}

/** Joins along the second axis; rank 1 along the first. */
export function hstack(xs: readonly AnyTensorLike[]): Tensor {
  const parts = toTensors(xs, 'hstack').map((x) =>
    x.ndim === 0 ? apply<{shape: Shape}>(movement.reshape, [x], {shape: [1]}) : x,
  );
  return join(parts, parts[0]?.ndim === 1 ? 0 : 1, 'hstack');
}

/** The tensors along an axis, without it. */
export function unstack(x: AnyTensorLike, axis = 0): Tensor[] {
  const value = anyTensor(x, 'unstack');
  const at = checkAxis('unstack', axis, value.ndim);
  return inParts(
    'unstack',
    value,
    () => Array.from({length: value.dim(at)}, (_, i) => squeeze(sliceAxis(value, at, i, 1), at)),
    (gradients) => stack(gradients, at),
  );
}

function sliceAxis(x: Tensor, axis: number, start: number, size: number): Tensor {
  const starts = x.shape.map((_, i) => (i === axis ? start : 0));
  const sizes = x.shape.map((n, i) => (i === axis ? size : n));
  return apply(movement.slice, [x], {starts, sizes, steps: starts.map(() => 1)});
}

/** Equal parts (a number), or parts that end at the indices given. */
export function split(x: AnyTensorLike, indicesOrSections: number | readonly number[], axis = 0): Tensor[] {
  const value = anyTensor(x, 'split');
  checkIntegerOrList('split', 'indicesOrSections', indicesOrSections);
  const at = checkAxis('split', axis, value.ndim);
  const n = value.dim(at);
  let ends: number[];
  if (typeof indicesOrSections === 'number') {
    if (n % indicesOrSections !== 0) {
      throw new ShapeError(
        `split: axis ${String(axis)} of size ${String(n)} does not divide into ${String(indicesOrSections)} parts`,
      );
    }
    const size = n / indicesOrSections;
    ends = Array.from({length: indicesOrSections}, (_, i) => (i + 1) * size);
  } else {
    ends = [...indicesOrSections.map((i) => Math.min(i < 0 ? i + n : i, n)), n];
  }
  const cut = () => ends.map((end, i) => sliceAxis(value, at, ends[i - 1] ?? 0, Math.max(end - (ends[i - 1] ?? 0), 0)));
  // Parts that overlap or come in another order do not join to the whole.
  const ascending = ends.every((end, i) => end >= (ends[i - 1] ?? 0));
  return ascending ? inParts('split', value, cut, (gradients) => concatenate(gradients, at)) : cut();
}

/** A part of the tensor: first indices and sizes of every axis. */
export function slice(x: AnyTensorLike, startIndices: readonly number[], shape: readonly number[]): Tensor {
  const value = anyTensor(x, 'slice');
  checkIntegers('slice', 'startIndices', startIndices);
  checkIntegers('slice', 'the shape', shape);
  if (startIndices.length !== value.ndim || shape.length !== value.ndim) {
    throw new ShapeError(`slice: a start and a size for each axis of shape ${show(value.shape)} are needed`);
  }
  return apply(movement.slice, [value], {starts: startIndices, sizes: shape, steps: shape.map(() => 1)});
}

/** The whole tensor repeated `repeats[i]` times along axis i. */
export function tile(x: AnyTensorLike, repeats: number | readonly number[]): Tensor {
  const value = anyTensor(x, 'tile');
  checkIntegerOrList('tile', 'repeats', repeats);
  const given = [repeats].flat();
  const rank = Math.max(given.length, value.ndim);
  const times = [...new Array<number>(rank - given.length).fill(1), ...given];
  const shape = [...new Array<number>(rank - value.ndim).fill(1), ...value.shape];
  // [a, b] -> [1, a, 1, b] -> [r, a, s, b] -> [r a, s b]
  const split2: Tensor = apply(movement.reshape, [value], {shape: shape.flatMap((n) => [1, n])}, 'tile');
  const wide: Tensor = apply(
    movement.broadcastTo,
    [split2],
    {shape: shape.flatMap((n, i) => [times[i] ?? 1, n])},
    'tile',
  );
  return apply(
    movement.reshape,
    [wide],
    {shape: shape.map((n, i) => (n === null ? null : n * (times[i] ?? 1)))},
    'tile',
  );
}

/** Each element repeated along an axis (of the flattened tensor without one), as often as the list says for each. */
export function repeat(x: AnyTensorLike, repeats: number | readonly number[], axis?: number | null): Tensor {
  const value = anyTensor(x, 'repeat');
  checkIntegerOrList('repeat', 'repeats', repeats);
  if (axis === undefined || axis === null) return repeat(ravel(value), repeats, 0);
  const at = checkAxis('repeat', axis, value.ndim);
  if (typeof repeats !== 'number') {
    const [only] = repeats;
    if (repeats.length === 1 && only !== undefined) return repeat(value, only, at);
    if (repeats.length !== value.dim(at)) {
      throw new ShapeError(
        `repeat: a number for each of ${String(value.dim(at))} entries is needed, got ${String(repeats.length)}`,
      );
    }
    const entries = Int32Array.from(repeats.flatMap((count, i) => new Array<number>(count).fill(i)));
    return apply(gather, [value, toTensor(entries, 'repeat')], {axis: at}, 'repeat');
  }
  const inner = expandDims(value, at + 1);
  const wide = broadcastTo(
    inner,
    inner.shape.map((n, i) => (i === at + 1 ? repeats : n)),
  );
  return apply(
    movement.reshape,
    [wide],
    {shape: value.shape.map((n, i) => (i === at && n !== null ? n * repeats : n))},
    'repeat',
  );
}

/** How far each axis is extended before and after. */
export type PadWidth = number | readonly (readonly [number, number])[];

export interface PadOptions {
  /** What is added: one value, or the elements mirrored at the edge, with it (`symmetric`) or without. Default `'constant'`. */
  mode?: 'constant' | 'reflect' | 'symmetric' | undefined;
  /** Default 0. */
  constantValues?: number | null | undefined;
}

/** Adds elements before and after each axis. */
export function pad(x: AnyTensorLike, padWidth: PadWidth, options: PadOptions = {}): Tensor {
  checkOptions('pad', options, ['mode', 'constantValues']);
  const {mode = 'constant'} = options;
  checkChoice('pad', 'mode', mode, ['constant', 'reflect', 'symmetric']);
  const value = anyTensor(x, 'pad');
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n));
  if (!Number.isInteger(padWidth) && !(Array.isArray(padWidth) && padWidth.every(isPair))) {
    throw new ShapeError(`pad: padWidth must be an integer or pairs [before, after], got ${describe(padWidth)}`);
  }
  const given = typeof padWidth === 'number' ? value.shape.map(() => [padWidth, padWidth] as const) : padWidth;
  // One pair serves every axis.
  const [only] = given;
  const pairs = given.length === 1 && only !== undefined ? value.shape.map(() => only) : given;
  if (mode !== 'constant') return mirrored(value, pairs, mode);
  const low = pairs.map(([before]) => before);
  const high = pairs.map(([, after]) => after);
  return apply(movement.pad, [value], {low, high, value: options.constantValues ?? 0});
}

function mirrored(x: Tensor, pairs: readonly (readonly [number, number])[], mode: 'reflect' | 'symmetric'): Tensor {
  const skipped = mode === 'reflect' ? 1 : 0;
  return x.shape.reduce<Tensor>((value, _, axis) => {
    const [before, after] = pairs[axis] ?? [0, 0];
    const n = value.dim(axis);
    if (Math.max(before, after) > n - skipped) {
      throw new ShapeError(
        `pad: axis ${String(axis)} of size ${String(n)} cannot be mirrored by ${String(Math.max(before, after))} elements`,
      );
    }
    const low = flip(sliceAxis(value, axis, skipped, before), axis);
    const high = flip(sliceAxis(value, axis, n - skipped - after, after), axis);
    return before + after === 0 ? value : concatenate([low, value, high], axis);
  }, x);
}

/** Elements in reverse order along axes (all of them by default). */
export function flip(x: AnyTensorLike, axis?: number | readonly number[] | null): Tensor {
  const value = anyTensor(x, 'flip');
  const axes = axis === undefined || axis === null ? value.shape.map((_, i) => i) : [axis].flat();
  const chosen = new Set(axes.map((a) => checkAxis('flip', a, value.ndim)));
  const starts = value.shape.map((n, i) => (chosen.has(i) ? (n ?? 1) - 1 : 0));
  return apply(
    movement.slice,
    [value],
    {starts, sizes: value.shape, steps: value.shape.map((_, i) => (chosen.has(i) ? -1 : 1))},
    'flip',
  );
}
