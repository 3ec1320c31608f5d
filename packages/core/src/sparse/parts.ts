import {DTYPES, type Element, isInteger} from '../dtype.js';
import {DtypeError, IndexError, ShapeError} from '../errors.js';
import {castTo} from '../ops/convert.js';
import {checkShape, show} from '../shape.js';
import {convert, type TensorLike} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';

/** What a SparseTensor takes as indices: n rows of integers. */
export type SparseIndices = readonly (readonly number[])[] | readonly (readonly bigint[])[] | Tensor | Tensor<bigint>;

/** Elements: a tensor says of what kind they are, plain arrays are of numbers where nothing else is said. */
export type SparseValues<E extends Element> = Tensor<E> | NoInfer<TensorLike<E>>;

/** Parts that are known to fit each other. */
export interface SparseParts<E extends Element> {
  readonly fits: true;
  readonly indices: Tensor<bigint>;
  readonly values: Tensor<E>;
  readonly denseShape: readonly number[];
}

const OP = 'SparseTensor';

const isParts = <E extends Element>(x: object): x is SparseParts<E> => 'fits' in x;

/** The one element of an int64 tensor as a number. */
export const whole = (x: Tensor<Element>): number => Number(x.item());

/** Integers as int64. */
export function toWide(x: unknown, where: string, name: string): Tensor {
  const given: Tensor<Element> = isTensor(x)
    ? x
    : ArrayBuffer.isView(x)
      ? convert<Element>(x as Int32Array, undefined, where)
      : convert<Element>(x as number[], 'int64', where);
  if (isInteger(given.dtype)) return castTo(given, 'int64');
  throw new DtypeError(`${where}: ${name} must have an integer dtype, got ${given.dtype}; use cast('int64')`);
}

export function checkedParts<E extends Element>(
  indices: SparseIndices | SparseParts<E>,
  values: SparseValues<E> | undefined,
  denseShape: readonly number[] | undefined,
): Omit<SparseParts<E>, 'fits'> {
  if (isParts<E>(indices)) return indices;
  if (values === undefined || denseShape === undefined) {
    throw new ShapeError(`${OP}: indices, values and denseShape are needed`);
  }
  const shape = checkShape(OP, denseShape);
  if (shape.length === 0) throw new ShapeError(`${OP}: denseShape must have at least one axis, got ()`);
  const list = convert<E>(values, undefined, OP);
  const given = toWide(indices, OP, 'indices');
  // An empty list does not say how long its rows would be.
  const where = given.size === 0 && given.ndim < 2 ? given.reshape([0, shape.length]) : given;
  if (where.ndim !== 2 || list.ndim !== 1 || where.dim(0) !== list.dim(0) || where.dim(1) !== shape.length) {
    throw new ShapeError(
      `${OP}: indices (n,rank), values (n,) and a denseShape of rank sizes are needed, got ${show(where.shape)}, ${show(list.shape)} and ${show(shape)}`,
    );
  }
  checkInside(where, shape);
  return {indices: castTo<bigint>(where, 'int64'), values: list, denseShape: [...shape]};
}

function checkInside(indices: Tensor, shape: readonly number[]): void {
  if (indices.size === 0) return;
  const outside = indices.less(0).logicalOr(indices.greaterEqual(toWide(shape, OP, 'denseShape')));
  if (!outside.any().item()) return;
  const at = outside.any(1).cast('int32').argmax().item();
  const found = Array.from(castTo(indices.at(at), 'float64').data(), String).join(', ');
  throw new IndexError(`${OP}: index [${found}] at position ${String(at)} is outside of denseShape ${show(shape)}`);
}

/** The largest size whose positions JavaScript counts exactly. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Row-major positions in a shape of indices [n, rank]. */
export function linear(indices: Tensor, shape: readonly number[], op: string): Tensor {
  const total = shape.reduce((n, size) => n * size, 1);
  if (total > MOST) {
    throw new ShapeError(`${op}: shape ${show(shape)} has more than 2^53 positions`);
  }
  let at = indices.at(':', 0);
  for (let axis = 1; axis < shape.length; axis++) at = at.mul(shape[axis] ?? 1).add(indices.at(':', axis));
  return at;
}

export const isText = (x: Tensor<Element>): boolean => DTYPES[x.dtype].kind === 'string';
