import {type Element, isInteger} from '../dtype.js';
import {DtypeError, ShapeError} from '../errors.js';
import {concrete, show} from '../shape.js';
import {convert, convertLike, type TensorLike} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {isSparse, type SparseTensor} from '../sparse/sparse-tensor.js';

/** Sets as rows: a tensor, in which each row is a set, or a sparse tensor, in which rows differ in size. */
export type SetInput<E extends Element = number> = TensorLike<E> | SparseTensor<E>;

/** The sets of an operand by the row-major position among its leading axes; what stands twice counts once. */
export interface Rows {
  readonly dtype: Tensor['dtype'];
  /** The axes before the last. */
  readonly leading: readonly number[];
  readonly sets: ReadonlyMap<number, ReadonlySet<Element>>;
}

export function rowsOf(x: SetInput<Element>, dtype: Tensor['dtype'] | undefined, op: string): Rows {
  if (isSparse(x)) return sparseRows(x, op);
  const value = dtype === undefined ? convert<Element>(x, undefined, op) : convertLike(x, dtype, op);
  const shape = checked(value.dtype, concrete(value.shape), op);
  const length = shape.at(-1) ?? 0;
  const elements = valuesOf(value, op);
  const leading = shape.slice(0, -1);
  const count = leading.reduce((product, n) => product * n, 1);
  const sets = new Map<number, Set<Element>>();
  for (let i = 0; i < count && length > 0; i++) sets.set(i, new Set(elements.slice(i * length, (i + 1) * length)));
  return {dtype: value.dtype, leading, sets};
}

function sparseRows(x: SparseTensor<Element>, op: string): Rows {
  const shape = checked(x.dtype, x.denseShape, op);
  const places = x.indices.array(2);
  const sets = new Map<number, Set<Element>>();
  valuesOf(x.values, op).forEach((value, i) => {
    const place = places[i] ?? [];
    const row = place.slice(0, -1).reduce((at, index, axis) => at * (shape[axis] ?? 1) + Number(index), 0);
    const set = sets.get(row) ?? new Set();
    sets.set(row, set.add(value));
  });
  return {dtype: x.dtype, leading: shape.slice(0, -1), sets};
}

function checked(dtype: Tensor['dtype'], shape: readonly number[], op: string): readonly number[] {
  if (!isInteger(dtype) && dtype !== 'string') {
    throw new DtypeError(`${op}: sets have elements of an integer dtype or string, got ${dtype}`);
  }
  if (shape.length < 2)
    throw new ShapeError(`${op}: an axis of rows before that of sets is needed, got shape ${show(shape)}`);
  return shape;
}
