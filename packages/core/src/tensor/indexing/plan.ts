import {DTYPES, type DType, type Element, isFloating} from '../../dtype.js';
import {DtypeError, IndexError, ShapeError, ValueError} from '../../errors.js';
import {apply} from '../../engine/dispatch.js';
import {cast} from '../../primitives/cast.js';
import {broadcastShapes, concrete, sameShape, type Shape, show} from '../../shape.js';
import {describe} from '../../suggest.js';
import {convert} from '../convert.js';
import {valuesOf} from '../read.js';
import {isTensor, type Tensor} from '../tensor.js';
import {isSlice, parseSlice, resolveSlice, type Slice, type SliceText} from './slice.js';

/** Positions along axes: nested arrays of integers, negative ones count from the end. */
export type IndexArray = readonly (number | IndexArray)[];
/** Which elements to take: nested arrays of booleans in the shape of the axes that they stand for. */
export type MaskArray = readonly (boolean | MaskArray)[];

/** What `at` takes for an axis (a mask of rank k: for k axes, `'...'` for as many as are left, `'newaxis'` for none). */
export type Index =
  | number
  | SliceText
  | '...'
  | 'newaxis'
  | Slice
  | IndexArray
  | MaskArray
  | Int32Array
  | BigInt64Array
  | Tensor
  | Tensor<bigint>
  | Tensor<boolean>;

/** One step of an indexing, in the order of the arguments; all but `new` stand for one axis. */
export type Term =
  /** The whole axis, or a regular part of it. */
  | {readonly kind: 'range'; readonly start: number; readonly size: number | null; readonly step: number}
  /** One entry; the axis goes. */
  | {readonly kind: 'entry'; readonly at: number}
  /** Entries by an array of positions. */
  | {readonly kind: 'gather'; readonly indices: Tensor}
  | {readonly kind: 'new'};

/** An indexing that was checked against a shape. */
export interface Plan {
  /** Of the tensor that is indexed. */
  readonly input: Shape;
  readonly terms: readonly Term[];
  /** Of the result. */
  readonly shape: Shape;
  /** Shape that all index arrays broadcast to; null where there is none. */
  readonly gathered: Shape | null;
  /** Where the axes of `gathered` stand among those of the ranges. */
  readonly position: number;
}

/** Checks the arguments of `at` against a shape; `where` begins the messages. */
export function planIndex(input: Shape, index: readonly unknown[], where: string): Plan {
  const {terms, gap} = termsOf(input, index, where);
  let gathered: Shape | null = null;
  for (const term of terms) {
    if (term.kind !== 'gather') continue;
    const before: Shape = gathered ?? [];
    gathered = broadcastShapes(before, term.indices.shape);
    if (gathered === null) {
      throw new ShapeError(
        `${where}: index arrays must broadcast, got shapes ${show(before)} and ${show(term.indices.shape)}`,
      );
    }
  }
  // The axes of the result that do not come from index arrays.
  const others = terms.filter(({kind}) => kind === 'range' || kind === 'new');
  const sizes = others.map((term) => (term.kind === 'range' ? term.size : 1));
  if (gathered === null) return {input, terms, gathered, position: 0, shape: sizes};
  const slot = slotOf(terms, gap);
  const position = others.slice(0, slot).filter(({kind}) => kind === 'range').length;
  return {input, terms, gathered, position, shape: [...sizes.slice(0, slot), ...gathered, ...sizes.slice(slot)]};
}

// NumPy: where index arrays (and single entries beside them) are neighbours the result's axes take their place, else they
// come first. An ellipsis parts them even where it stands for no axis.
function slotOf(terms: readonly Term[], gap: number): number {
  const isAdvanced = ({kind}: Term) => kind === 'gather' || kind === 'entry';
  const first = terms.findIndex(isAdvanced);
  const last = terms.findLastIndex(isAdvanced);
  const isTogether = terms.slice(first, last + 1).every(isAdvanced) && !(first < gap && gap <= last);
  return isTogether ? first : 0;
}

/** The terms, and before which of them an ellipsis stands for no axis (-1: nowhere). */
function termsOf(
  input: Shape,
  index: readonly unknown[],
  where: string,
): {readonly terms: readonly Term[]; readonly gap: number} {
  const given = index.map((item) => interpret(item, where));
  const used = given.reduce((count, {axes}) => count + axes, 0);
  if (used > input.length) {
    throw new IndexError(
      `${where}: ${String(used)} indices for a tensor of rank ${String(input.length)}, shape ${show(input)}`,
    );
  }
  if (given.filter(({kind}) => kind === 'rest').length > 1) {
    throw new IndexError(`${where}: '...' may stand only once in an index`);
  }
  if (!given.some(({kind}) => kind === 'rest')) given.push({kind: 'rest', axes: 0});
  const terms: Term[] = [];
  let axis = 0;
  let gap = -1;
  for (const item of given) {
    if (item.kind === 'rest') {
      if (used === input.length) gap = terms.length;
      for (let left = input.length - used; left > 0; left--) terms.push(whole(input[axis++] ?? null));
    } else {
      terms.push(...resolve(item, input, axis, where));
      axis += item.axes;
    }
  }
  return {terms, gap};
}

const whole = (size: number | null): Term => ({kind: 'range', start: 0, size, step: 1});

/** What one argument means, before it meets its axis. */
type Given =
  | {readonly kind: 'rest'; readonly axes: 0}
  | {readonly kind: 'new'; readonly axes: 0}
  | {readonly kind: 'entry'; readonly axes: 1; readonly at: number}
  | {readonly kind: 'range'; readonly axes: 1; readonly range: Slice}
  | {readonly kind: 'gather'; readonly axes: 1; readonly indices: Tensor}
  | {readonly kind: 'mask'; readonly axes: number; readonly mask: Tensor<boolean>};

const FORMS = `an integer, 'start:stop:step', '...', 'newaxis', slice(), an array of integers or a mask`;

function interpret(item: unknown, where: string): Given {
  if (typeof item === 'number') {
    if (Number.isInteger(item)) return {kind: 'entry', axes: 1, at: item};
    throw new IndexError(`${where}: an index must be an integer, got ${describe(item)}`);
  }
  if (item === '...') return {kind: 'rest', axes: 0};
  if (item === 'newaxis') return {kind: 'new', axes: 0};
  if (typeof item === 'string') {
    const range = parseSlice(item);
    if (range !== undefined) return {kind: 'range', axes: 1, range};
  } else if (isTensor(item)) {
    return tensorIndex(item, where);
  } else if (Array.isArray(item) || ArrayBuffer.isView(item)) {
    return arrayIndex(item, where);
  } else if (typeof item === 'object' && item !== null && isSlice(item)) {
    return {kind: 'range', axes: 1, range: item};
  }
  const hint = item === null || item === undefined ? "; a new axis is 'newaxis', a whole one ':'" : '';
  throw new ValueError(`${where}: an index is ${FORMS}, got ${describe(item)}${hint}`);
}

function tensorIndex(item: Tensor<Element>, where: string): Given {
  const {dtype} = item;
  if (dtype === 'bool') return {kind: 'mask', axes: item.ndim, mask: item as Tensor<boolean>};
  const {kind} = DTYPES[dtype];
  if (kind !== 'int' && kind !== 'uint') {
    const hint = isFloating(dtype) ? `; use cast('int32')` : '';
    throw new DtypeError(`${where}: an index tensor must have an integer dtype or bool, got ${dtype}${hint}`);
  }
  return {kind: 'gather', axes: 1, indices: asIndices(item, where)};
}

// Kernels take int32 and int64.
function asIndices(item: Tensor<Element>, where: string): Tensor {
  const {dtype} = item;
  if (dtype === 'int32' || dtype === 'int64') return item as Tensor;
  const wide = dtype === 'uint32' || dtype === 'uint64';
  return apply<{dtype: DType}>(cast, [item], {dtype: wide ? 'int64' : 'int32'}, where);
}

/** Indices given as a tensor, numbers or arrays, as int32 or int64. */
export function indexTensor(item: unknown, where: string): Tensor {
  const given: Tensor<Element> = isTensor(item)
    ? item
    : ArrayBuffer.isView(item)
      ? convert<Element>(item as Int32Array, undefined, where)
      : convert<Element>(item as number[], 'int32', where);
  if (isFloating(given.dtype) || !['int', 'uint'].includes(DTYPES[given.dtype].kind)) {
    throw new DtypeError(`${where}: indices must have an integer dtype, got ${given.dtype}; use cast('int32')`);
  }
  return asIndices(given, where);
}

function arrayIndex(item: readonly unknown[] | ArrayBufferView, where: string): Given {
  let leaf: unknown = item;
  while (Array.isArray(leaf)) leaf = (leaf as readonly unknown[])[0];
  if (typeof leaf === 'boolean') {
    const mask = convert<boolean>(item as readonly boolean[], 'bool', where);
    return {kind: 'mask', axes: mask.ndim, mask};
  }
  // Typed arrays have a dtype of their own.
  if (ArrayBuffer.isView(item)) return tensorIndex(convert(item as Int32Array, undefined, where), where);
  return {kind: 'gather', axes: 1, indices: convert(item as readonly number[], 'int32', where)};
}

function resolve(
  item: Exclude<Given, {readonly kind: 'rest'}>,
  input: Shape,
  axis: number,
  where: string,
): readonly Term[] {
  const n = input[axis] ?? null;
  switch (item.kind) {
    case 'new':
      return [{kind: 'new'}];
    case 'entry': {
      if (n === null) return [item];
      checkEntry(item.at, n, axis, where);
      return [{kind: 'entry', at: item.at < 0 ? item.at + n : item.at}];
    }
    case 'range': {
      const {start, stop, step} = item.range;
      if (n !== null) return [{kind: 'range', ...resolveSlice(item.range, n, where)}];
      if (start === null && stop === null && step === 1) return [whole(null)];
      return [{kind: 'range', start: 0, size: null, step}];
    }
    case 'gather':
      return [item];
    case 'mask':
      return positionsOf(item.mask, input, axis, where);
  }
}

/** Refuses an index outside of its axis. */
export function checkEntry(at: number, n: number, axis: number, where: string): void {
  if (at < -n || at >= n) {
    throw new IndexError(`${where}: index ${String(at)} is out of range for axis ${String(axis)} of size ${String(n)}`);
  }
}

// A mask is the positions of its true elements: an index array for each axis that it covers.
function positionsOf(mask: Tensor<boolean>, input: Shape, axis: number, where: string): Term[] {
  if (mask.ndim === 0) throw new ShapeError(`${where}: a mask needs at least one axis, got a single boolean`);
  const covered = input.slice(axis, axis + mask.ndim);
  if (!sameShape(covered, mask.shape)) {
    const axes = mask.ndim === 1 ? `axis ${String(axis)}` : `axes ${String(axis)} to ${String(axis + mask.ndim - 1)}`;
    throw new IndexError(
      `${where}: a mask of shape ${show(mask.shape)} does not fit ${axes} of a tensor of shape ${show(input)}`,
    );
  }
  const sizes = concrete(mask.shape);
  const columns = sizes.map((): number[] => []);
  valuesOf(mask, `${where} with a mask`).forEach((chosen, flat) => {
    if (chosen !== true) return;
    let rest = flat;
    for (let i = sizes.length - 1; i >= 0; i--) {
      const size = sizes[i] ?? 1;
      columns[i]?.push(rest % size);
      rest = Math.floor(rest / size);
    }
  });
  return columns.map((column): Term => ({
    kind: 'gather',
    indices: convert<number>(Int32Array.from(column), undefined, where),
  }));
}
