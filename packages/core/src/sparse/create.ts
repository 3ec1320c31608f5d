import {type DType, type Element} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {arange, ones} from '../ops/create.js';
import {castTo, toTensor} from '../ops/convert.js';
import {notEqual} from '../ops/elementwise.js';
import {scatter, scatterUpdate} from '../ops/indexing.js';
import {take} from '../ops/nn.js';
import {nonzero} from '../ops/nonzero.js';
import {concatenate, stack} from '../ops/shape.js';
import {argsort} from '../ops/sorting.js';
import {show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convertLike, full, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {isText, linear, type SparseValues} from './parts.js';
import {isSparse, SparseTensor} from './sparse-tensor.js';

/** An argument as a sparse tensor. */
export function toSparse<E extends Element = number>(x: unknown, op: string): SparseTensor<E> {
  if (isSparse(x)) return x as SparseTensor<E>;
  throw new ValueError(`${op}: a SparseTensor is needed, got ${describe(x)}; sparse.fromDense makes one`);
}

/** The indices as a tensor of the same dtype that ops take. */
export const indicesOf = (x: SparseTensor<Element>): Tensor => castTo(x.indices, 'int64');

/** The row-major position of each element. */
export const keysOf = (x: SparseTensor<Element>, op: string): Tensor => linear(indicesOf(x), x.denseShape, op);

/** Indices [n, rank] of row-major positions. */
export function unlinear(keys: Tensor, shape: readonly number[]): Tensor {
  const columns: Tensor[] = [];
  let rest = keys;
  for (const size of [...shape].reverse()) {
    columns.unshift(rest.mod(Math.max(size, 1)));
    rest = rest.floorDivide(Math.max(size, 1));
  }
  return stack(columns, 1);
}

/** Elements chosen by position in the list. */
export function pick<E extends Element>(x: SparseTensor<E>, at: Tensor): SparseTensor<E> {
  return SparseTensor.create(indicesOf(x).take(at, 0), takeValues(x.values, at), x.denseShape);
}

export const takeValues = <E extends Element>(values: Tensor<E>, at: Tensor): Tensor<E> =>
  take(values, at, 0) as Tensor<Element> as Tensor<E>;

/** The elements of a tensor that are not 0 (not '', not false). */
export function fromDense<E extends Element = number>(x: SparseValues<E>): SparseTensor<E> {
  const op = 'sparse.fromDense';
  const value = toTensor<E>(x, op);
  if (value.ndim === 0) throw new ShapeError(`${op}: a tensor of rank 1 or more is needed, got a scalar`);
  const flat = value.reshape([-1]);
  const flags = isText(value) ? notEqual(flat, '') : flat;
  const keys = castTo(nonzero(flags)[0] as Tensor, 'int64');
  const shape = value.shape.map(Number);
  return SparseTensor.create(unlinear(keys, shape), takeValues(flat, keys), shape);
}

export interface ToDenseOptions<E extends Element = number> {
  /** What stands where the list has no element. Default 0, false or ''. */
  defaultValue?: TensorLike<E> | null | undefined;
  /** Whether elements out of order or at one place are errors; without it the last at a place counts. Default true. */
  validateIndices?: boolean | undefined;
}

/**
 * All elements in a tensor of shape `denseShape`.
 *
 * @throws ValueError where indices are not in row-major order or repeat
 */
export function toDense<E extends Element = number>(x: SparseTensor<E>, options: ToDenseOptions<E> = {}): Tensor<E> {
  const op = 'sparse.toDense';
  const given = toSparse<E>(x, op);
  checkOptions(op, options, ['defaultValue', 'validateIndices']);
  const {denseShape, values, dtype} = given;
  const keys = keysOf(given, op);
  if (options.validateIndices !== false) checkOrder(given, keys, op);
  const size = denseShape.reduce((n, k) => n * k, 1);
  const fill = convertLike(options.defaultValue ?? (isText(values) ? '' : 0), dtype, op);
  if (fill.dtype !== dtype || fill.size !== 1) {
    throw new DtypeError(
      `${op}: defaultValue must be one ${dtype} as the values are, got ${fill.dtype} of shape ${show(fill.shape)}`,
    );
  }
  const typed = (y: Tensor<Element>): Tensor<E> => y.reshape([...denseShape]) as Tensor<E>;
  const numbers = values as Tensor<Element> as Tensor;
  const isUnique = options.validateIndices !== false;
  if (isText(values) || dtype === 'bool') {
    // Which element stands at each place; one more at the end is that of empty places.
    const places = scatterUpdate(
      full([size], given.nnz, 'int64'),
      keys.reshape([-1, 1]),
      arange(0, given.nnz, 1, 'int64'),
    );
    return typed(take(concatenate([numbers, fill.reshape([1])]), places, 0));
  }
  if (isUnique && options.defaultValue === undefined) return typed(scatter(keys.reshape([-1, 1]), numbers, [size]));
  const base = fill.reshape([]).broadcastTo([size]) as Tensor;
  return typed(scatterUpdate(base, keys.reshape([-1, 1]), numbers));
}

function checkOrder(x: SparseTensor<Element>, keys: Tensor, op: string): void {
  if (keys.size < 2) return;
  const falls = keys.at('1:').lessEqual(keys.at(':-1'));
  if (!falls.any().item()) return;
  const at = falls.cast('int32').argmax().item() + 1;
  const index = (i: number) => `[${Array.from(indicesOf(x).at(i).cast('float64').data(), String).join(', ')}]`;
  const repeats = keys
    .at(at)
    .equal(keys.at(at - 1))
    .item();
  throw new ValueError(
    repeats
      ? `${op}: index ${index(at)} is there twice; {validateIndices: false} takes the last`
      : `${op}: indices must be in row-major order, ${index(at)} follows ${index(at - 1)}; sparse.reorder sorts them`,
  );
}

/** The same elements in row-major order of their indices; the order of those at one place stays. */
export function reorder<E extends Element = number>(x: SparseTensor<E>): SparseTensor<E> {
  const given = toSparse<E>(x, 'sparse.reorder');
  return pick(given, argsort(keysOf(given, 'sparse.reorder')));
}

/** Ones on the diagonal of a matrix of n rows and m (by default n) columns. */
export function eye(n: number, m: number = n, options: {dtype?: DType | undefined} = {}): SparseTensor {
  const op = 'sparse.eye';
  checkOptions(op, options, ['dtype']);
  if (![n, m].every((size) => Number.isInteger(size) && size >= 0)) {
    throw new ValueError(`${op}: sizes must be non-negative integers, got ${describe(n)} and ${describe(m)}`);
  }
  const count = Math.min(n, m);
  const at = arange(0, count, 1, 'int64');
  const values: Tensor<Element> = ones([count], options.dtype ?? 'float32');
  return SparseTensor.create(stack([at, at], 1), values as Tensor, [n, m]);
}

/** Refuses operands of two dtypes. */
export function requireOneDType(op: string, list: readonly (SparseTensor<Element> | Tensor<Element>)[]): void {
  const [first, ...others] = list;
  for (const other of others) {
    if (other.dtype === first?.dtype) continue;
    throw new DtypeError(
      `${op}: operands must have one dtype, got ${String(first?.dtype)} and ${other.dtype}; use cast('${String(first?.dtype)}')`,
    );
  }
}
