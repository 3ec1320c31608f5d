import {type Element, isInteger} from '../dtype.js';
import {IndexError, ValueError} from '../errors.js';
import {nonzero} from '../ops/nonzero.js';
import {convert, full} from '../tensor/convert.js';
import {type Index} from '../tensor/indexing/plan.js';
import {isSlice, parseSlice, resolveSlice, type Slice} from '../tensor/indexing/slice.js';
import {show} from '../shape.js';
import {describe} from '../suggest.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {expandAxis} from './axes.js';
import {gather, within} from './gather.js';
import {counting, RowPartition} from './partition.js';
import {isRagged, RaggedTensor, type Rows} from './ragged-tensor.js';
import {integers, rowAt, takeRows} from './rows.js';

// `r.at(...)`: the grammar of tensors. What stands for a ragged axis is applied to each row.

type Key = number | 'newaxis' | Slice | Tensor<Element>;

/** The keys of `at`, one for each axis and new axis. */
function keysOf(index: readonly unknown[], rank: number, where: string): Key[] {
  const keys: (Key | '...')[] = index.map((item) => keyOf(item, where));
  const used = keys.filter((key) => key !== '...' && key !== 'newaxis').length;
  if (used > rank) {
    throw new IndexError(`${where}: ${String(used)} indices for a ragged tensor of rank ${String(rank)}`);
  }
  if (keys.filter((key) => key === '...').length > 1) {
    throw new IndexError(`${where}: '...' may stand only once in an index`);
  }
  if (keys.filter(isTensor).length > 1) {
    throw new IndexError(
      `${where}: at most one index of a ragged tensor may be an array; ragged.gatherNd takes lists of indices`,
    );
  }
  const whole: Slice = {start: null, stop: null, step: 1};
  return keys.flatMap((key): Key[] => (key === '...' ? new Array<Slice>(rank - used).fill(whole) : [key]));
}

function keyOf(item: unknown, where: string): Key | '...' {
  if (typeof item === 'number') {
    if (Number.isInteger(item)) return item;
    throw new IndexError(`${where}: an index must be an integer, got ${describe(item)}`);
  }
  if (item === '...' || item === 'newaxis') return item;
  if (typeof item === 'string') {
    const range = parseSlice(item);
    if (range !== undefined) return range;
  } else if (isTensor(item) || Array.isArray(item) || ArrayBuffer.isView(item)) {
    return arrayKey(item, where);
  } else if (typeof item === 'object' && item !== null && isSlice(item)) {
    resolveSlice(item, 0, where);
    return item;
  }
  const hint = isRagged(item) ? '; ragged.booleanMask and ragged.gather take ragged ones' : '';
  throw new ValueError(
    `${where}: an index is an integer, 'start:stop:step', '...', 'newaxis', slice(), an array of integers or a mask, got ${describe(item)}${hint}`,
  );
}

function arrayKey(item: object, where: string): Tensor<Element> {
  let leaf: unknown = item;
  while (Array.isArray(leaf)) leaf = (leaf as readonly unknown[])[0];
  const made = isTensor(item)
    ? item
    : typeof leaf === 'boolean'
      ? convert<Element>(item as readonly boolean[], 'bool', where)
      : integers(item, where, 'an index array');
  if (made.dtype !== 'bool' && !isInteger(made.dtype)) {
    throw new ValueError(`${where}: an index array must hold integers or booleans, got ${made.dtype}`);
  }
  if (made.dtype === 'bool' && made.ndim !== 1) {
    throw new IndexError(
      `${where}: a mask must have rank 1 here, got shape ${show(made.shape)}; ragged.booleanMask takes others`,
    );
  }
  return made;
}

/** `r.at(...index)` */
export function at<E extends Element>(rows: RaggedTensor<E>, index: readonly Index[], where = 'at'): Rows<E> {
  return outer(rows, keysOf(index, rows.ndim, where), where);
}

/** Keys from the first axis on. */
function outer<E extends Element>(rows: Rows<E>, keys: readonly Key[], where: string): Rows<E> {
  const [key, ...rest] = keys;
  if (key === undefined) return rows;
  if (!(rows instanceof RaggedTensor)) return rows.at(...(keys as Index[]));
  if (key === 'newaxis') return expandAxis(outer(rows, rest, where), 0, where);
  if (typeof key === 'number') return outer(rowAt(rows, key, where), rest, where);
  if (isTensor(key)) {
    if (key.dtype === 'bool') return inner(takeRows(rows, positionsOf(key, rows.nrows, where)), rest, where);
    const taken = gather<E>(rows, key as Tensor);
    return deepInner(taken, rest, key.ndim, where);
  }
  const {start, size, step} = resolveSlice(key, rows.nrows, where);
  const isWhole = start === 0 && size === rows.nrows && step === 1;
  return inner(isWhole ? rows : takeRows(rows, counting(size).mul(step).add(start)), rest, where);
}

function positionsOf(mask: Tensor<Element>, n: number, where: string): Tensor {
  if (mask.dim(0) !== n) {
    throw new IndexError(`${where}: a mask of shape ${show(mask.shape)} does not fit an axis of size ${String(n)}`);
  }
  return nonzero(mask)[0] ?? counting(0);
}

/** Keys behind the first `depth` axes. */
function deepInner<E extends Element>(rows: Rows<E>, keys: readonly Key[], depth: number, where: string): Rows<E> {
  if (keys.length === 0) return rows;
  if (depth === 0) return outer(rows, keys, where);
  if (depth === 1) return inner(rows, keys, where);
  if (!(rows instanceof RaggedTensor)) return rows.at(...new Array<Index>(depth).fill(':'), ...(keys as Index[]));
  return RaggedTensor.create(deepInner(rows.values, keys, depth - 1, where), rows.partition);
}

/** Keys from the second axis on. */
function inner<E extends Element>(rows: Rows<E>, keys: readonly Key[], where: string): Rows<E> {
  const [key, ...rest] = keys;
  if (key === undefined) return rows;
  if (!(rows instanceof RaggedTensor)) return rows.at(':', ...(keys as Index[]));
  if (key === 'newaxis') return expandAxis(inner(rows, rest, where), 1, where);
  const {partition, values, nrows} = rows;
  if (typeof key === 'number') {
    const wanted = full([nrows], key, 'int64');
    return inner(takeRows(values, within(partition, counting(nrows), wanted, where)), rest, where);
  }
  if (isTensor(key)) {
    if (key.dtype === 'bool')
      throw new IndexError(
        `${where}: a mask may only stand for axis 0 of a ragged tensor; ragged.booleanMask takes others`,
      );
    return deepInner(gather<E>(rows, key as Tensor, {axis: 1}), rest, 1 + key.ndim, where);
  }
  const made = cutEach(rows, key, where);
  return RaggedTensor.create(inner(made.values, rest, where), made.partition);
}

/** A range of each row: Python's rule, bounds outside are clipped. */
function cutEach<E extends Element>(rows: RaggedTensor<E>, range: Slice, where: string): RaggedTensor<E> {
  const {start, stop, step} = range;
  if (start === null && stop === null && step === 1) return rows;
  const {partition, values} = rows;
  const {lengths} = partition;
  const zero = lengths.mul(0);
  const [lowest, highest] = step > 0 ? [zero, lengths] : [zero.sub(1), lengths.sub(1)];
  const clip = (bound: number | null, open: Tensor): Tensor => {
    if (bound === null) return open;
    const wanted = bound < 0 ? lengths.add(bound) : zero.add(bound);
    return wanted.maximum(lowest).minimum(highest);
  };
  const from = clip(start, step > 0 ? lowest : highest);
  const to = clip(stop, step > 0 ? highest : lowest);
  // ceil((to - from) / step)
  const sizes = to
    .sub(from)
    .add(step - Math.sign(step))
    .floorDivide(step)
    .maximum(0);
  const uniform = partition.uniform === null ? null : resolveSlice(range, partition.uniform, where).size;
  const made = RowPartition.fromLengths(sizes, uniform);
  const first = partition.starts.add(from);
  const positions = counting(made.nvals)
    .mul(step)
    .add(made.spread(first.sub(made.starts.mul(step))));
  return RaggedTensor.create(takeRows(values, positions), made);
}
