import {type DType, type Element, isInteger} from '../dtype.js';
import {DtypeError, IndexError, ShapeError, ValueError} from '../errors.js';
import {type AnyTensorLike, castTo} from '../ops/convert.js';
import {concatenate} from '../ops/shape.js';
import {take} from '../ops/nn.js';
import {show} from '../shape.js';
import {describe} from '../suggest.js';
import {convert, convertLike, type TensorLike} from '../tensor/convert.js';
import {slice} from '../tensor/indexing/slice.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {RowPartition, whole} from './partition.js';
import {isRagged, RaggedTensor, type Rows} from './ragged-tensor.js';

// What the operations on ragged tensors are made of: rows taken, cut, joined, whether they are regular or not.

/** A ragged tensor, or what makes a tensor. */
// NoInfer: of [1, 2] the elements are numbers, not 1 | 2.
export type RowsLike<E extends Element = number> = RaggedTensor<E> | Tensor<E> | NoInfer<TensorLike<E>>;
export type AnyRowsLike =
  RaggedTensor | RaggedTensor<bigint> | RaggedTensor<boolean> | RaggedTensor<string> | AnyTensorLike;

/** A tensor under another element type: the dtype that it has at run time. */
export const typed = <E extends Element>(x: Tensor<Element>): Tensor<E> => x as Tensor<E>;

/** The same of rows. */
export const typedRows = <E extends Element>(x: Rows<Element>): Rows<E> => x as Rows<E>;

/** An argument as rows; plain values take `like`, where it is given. */
export function toRows(x: unknown, where: string, like?: DType): Rows<Element> {
  if (isRagged(x) || isTensor(x)) return x;
  return like === undefined ? convert(x as TensorLike<Element>, undefined, where) : convertLike(x, like, where);
}

/** An argument as a ragged tensor. */
export function toRagged<E extends Element = number>(x: unknown, where: string): RaggedTensor<E> {
  if (isRagged(x)) return x as RaggedTensor<E>;
  throw new ValueError(
    `${where}: a RaggedTensor is needed, got ${describe(x)}; ragged.fromTensor makes one of a tensor`,
  );
}

/** An argument of integers as int64. */
export function integers(x: unknown, where: string, name: string): Tensor {
  const given: Tensor<Element> = isTensor(x)
    ? x
    : ArrayBuffer.isView(x)
      ? convert<Element>(x as Int32Array, undefined, where)
      : convert<Element>(x as number[], 'int64', where);
  if (!isInteger(given.dtype)) {
    throw new DtypeError(`${where}: ${name} must have an integer dtype, got ${given.dtype}; use cast('int64')`);
  }
  return castTo(given, 'int64');
}

/** A list of integers as int64. */
export function integerList(x: unknown, where: string, name: string): Tensor {
  const list = integers(x, where, name);
  if (list.ndim === 1) return list;
  throw new ShapeError(`${where}: ${name} must have rank 1, got shape ${show(list.shape)}`);
}

/** Rows by position; negative ones count from the end. */
export function takeRows<E extends Element>(rows: Rows<E>, at: Tensor): Rows<E> {
  if (!(rows instanceof RaggedTensor)) return typed<E>(take(rows, at, 0));
  const {partition, positions} = rows.partition.take(at);
  return RaggedTensor.create(takeRows(rows.values, positions), partition);
}

/** The rows from `start` to `stop`. */
export function cutRows<E extends Element>(rows: Rows<E>, start: number, stop: number): Rows<E> {
  if (!(rows instanceof RaggedTensor)) return rows.at(slice(start, stop));
  const {splits, uniform} = rows.partition;
  const part = splits.at(slice(start, stop + 1));
  const first = whole(part.at(0));
  const last = whole(part.at(-1));
  const partition = RowPartition.fromSplits(part.sub(first), last - first, uniform);
  return RaggedTensor.create(cutRows(rows.values, first, last), partition);
}

/** One row. */
export function rowAt<E extends Element>(rows: RaggedTensor<E>, index: number, where: string): Rows<E> {
  const {nrows, splits} = rows.partition;
  if (index < -nrows || index >= nrows) {
    throw new IndexError(`${where}: index ${String(index)} is out of range for axis 0 of size ${String(nrows)}`);
  }
  const at = index < 0 ? index + nrows : index;
  return cutRows(rows.values, whole(splits.at(at)), whole(splits.at(at + 1)));
}

/** Rows of one ragged rank, one list after the other. */
export function joinRows(list: readonly Rows<Element>[], where: string): Rows<Element> {
  const [first] = list;
  if (first === undefined || !isRagged(first)) {
    const tensors = list as readonly Tensor[];
    const [head] = tensors;
    for (const each of tensors) {
      if (head !== undefined && show(each.shape.slice(1)) !== show(head.shape.slice(1))) {
        throw new ShapeError(
          `${where}: regular axes must agree, got values of shapes ${show(head.shape)} and ${show(each.shape)}`,
        );
      }
    }
    return concatenate(tensors);
  }
  const ragged = list as readonly RaggedTensor<Element>[];
  const lengths = concatenate(ragged.map(({partition}) => partition.lengths));
  return RaggedTensor.create(
    joinRows(
      ragged.map(({values}) => values),
      where,
    ),
    RowPartition.fromLengths(lengths),
  );
}

/** Rows with at least `rank` ragged axes: regular ones become rows of one length. */
export function withRaggedRank<E extends Element>(rows: Rows<E>, rank: number, where: string): Rows<E> {
  if (rank === 0) return rows;
  if (rows instanceof RaggedTensor) {
    return RaggedTensor.create(withRaggedRank(rows.values, rank - 1, where), rows.partition);
  }
  if (rows.ndim <= rank) {
    throw new ShapeError(
      `${where}: a tensor of shape ${show(rows.shape)} does not have the ${String(rank + 1)} axes that are needed`,
    );
  }
  const [nrows = 0, length = 0, ...rest] = rows.shape.map(Number);
  const values = rows.reshape([nrows * length, ...rest]);
  return RaggedTensor.create(withRaggedRank(values, rank - 1, where), RowPartition.uniform(length, nrows));
}

/** Number of ragged axes; 0 of a tensor. */
export const raggedRankOf = (rows: Rows<Element>): number => (isRagged(rows) ? rows.raggedRank : 0);

/** The innermost values of rows; of a tensor, itself. */
export const flatOf = <E extends Element>(rows: Rows<E>): Tensor<E> =>
  rows instanceof RaggedTensor ? rows.flatValues : rows;

/** `values` in the ragged axes of the partitions, from the outermost. */
export function wrap<E extends Element>(values: Rows<E>, partitions: readonly RowPartition[]): Rows<E> {
  return partitions.reduceRight<Rows<E>>((rows, partition) => RaggedTensor.create(rows, partition), values);
}
