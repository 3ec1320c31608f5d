import {type DType, type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {show, type Shape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {castTo} from '../ops/convert.js';
import {type RowPartition} from './partition.js';

/** Rows of any kind: a tensor, or a ragged one. */
export type Rows<E extends Element = number> = Tensor<E> | RaggedTensor<E>;

/**
 * A tensor whose rows differ in length along one or several axes. It is a list of values (a tensor, or another ragged tensor) cut into
 * rows. The first axis and those behind the last ragged one are regular. It does not change.
 *
 * @example
 * const r = ragged.constant([[3, 1, 4, 1], [], [5, 9, 2], [6]]);
 * r.shape; // [4, null]
 * r.sum(1).array(); // [9, 0, 16, 6]
 */
export class RaggedTensor<E extends Element = number> {
  /** The values of all rows, one after the other: a ragged tensor where several axes are ragged. */
  readonly values: Rows<E>;
  /** @internal */
  readonly partition: RowPartition;

  /** @internal Users make them with the functions of the `ragged` namespace. */
  private constructor(values: Rows<E>, partition: RowPartition) {
    this.values = values;
    this.partition = partition;
  }

  /** @internal Of parts that fit each other. */
  static create<E extends Element = number>(values: Rows<E>, partition: RowPartition): RaggedTensor<E> {
    return new RaggedTensor<E>(values, partition);
  }

  /** Sizes of the axes; null where rows may differ. */
  get shape(): Shape {
    const {partition, values} = this;
    return [partition.nrows, partition.uniform, ...values.shape.slice(1)];
  }

  get dtype(): DType {
    return this.values.dtype;
  }

  /** Number of axes, ragged ones included. */
  get ndim(): number {
    return this.values.ndim + 1;
  }

  /** Number of elements. */
  get size(): number {
    return this.flatValues.size;
  }

  /** Number of rows. */
  get nrows(): number {
    return this.partition.nrows;
  }

  /** Number of rows, as of arrays. */
  get length(): number {
    return this.partition.nrows;
  }

  /** How many times values are cut into rows: 1 for a list of lists of elements. */
  get raggedRank(): number {
    return this.values instanceof RaggedTensor ? this.values.raggedRank + 1 : 1;
  }

  /** The innermost values: a tensor whose rows are the elements of the last ragged axis. */
  get flatValues(): Tensor<E> {
    return this.values instanceof RaggedTensor ? this.values.flatValues : this.values;
  }

  /** [nrows + 1], int64: the values of row i are those from `rowSplits[i]` to `rowSplits[i + 1]`. */
  get rowSplits(): Tensor<bigint> {
    return wide(this.partition.splits);
  }

  /** The row splits of each ragged axis, from the outermost. */
  get nestedRowSplits(): readonly Tensor<bigint>[] {
    return this.partitions.map(({splits}) => wide(splits));
  }

  /** [nrows], int64: the length of each row. */
  get rowLengths(): Tensor<bigint> {
    return wide(this.partition.lengths);
  }

  /** The lengths of the rows of each ragged axis, from the outermost. */
  get nestedRowLengths(): readonly Tensor<bigint>[] {
    return this.partitions.map(({lengths}) => wide(lengths));
  }

  /** [nrows], int64: where each row begins among the values. */
  get rowStarts(): Tensor<bigint> {
    return wide(this.partition.starts);
  }

  /** [nrows], int64: where each row ends among the values. */
  get rowLimits(): Tensor<bigint> {
    return wide(this.partition.limits);
  }

  /** [number of values], int64: the row of each value. */
  get valueRowIds(): Tensor<bigint> {
    return wide(this.partition.rowIds);
  }

  /** The row ids of the values of each ragged axis, from the outermost. */
  get nestedValueRowIds(): readonly Tensor<bigint>[] {
    return this.partitions.map(({rowIds}) => wide(rowIds));
  }

  /** The length of all rows where it is one by construction, else null. */
  get uniformRowLength(): number | null {
    return this.partition.uniform;
  }

  /** The shape of the smallest tensor that holds all: the longest row of each ragged axis. */
  get boundingShape(): readonly number[] {
    const {values} = this;
    const inner = values instanceof RaggedTensor ? values.boundingShape : values.shape.map(Number);
    return [this.nrows, this.partition.longest, ...inner.slice(1)];
  }

  /** @internal The partitions of the ragged axes, from the outermost. */
  get partitions(): readonly RowPartition[] {
    const {values, partition} = this;
    return values instanceof RaggedTensor ? [partition, ...values.partitions] : [partition];
  }

  /** Other values, cut as these are; as many of them are needed. */
  withValues<F extends Element>(values: Rows<F>): RaggedTensor<F> {
    return rewrap(values, this.partition);
  }

  /** Other innermost values, cut as these are; as many of them are needed. */
  withFlatValues<F extends Element>(flat: Tensor<F>): RaggedTensor<F> {
    const {values} = this;
    return rewrap(values instanceof RaggedTensor ? values.withFlatValues(flat) : flat, this.partition);
  }
}

/** An int64 tensor as users see it. */
export const wide = (x: Tensor): Tensor<bigint> => castTo<bigint>(x, 'int64');

export function isRagged(x: unknown): x is RaggedTensor<Element> {
  return x instanceof RaggedTensor;
}

function rewrap<F extends Element>(values: Rows<F>, partition: RowPartition): RaggedTensor<F> {
  const given = values.shape[0];
  if (given !== partition.nvals) {
    throw new ShapeError(
      `withValues: ${String(partition.nvals)} values are needed, got values of shape ${show(values.shape)}`,
    );
  }
  return RaggedTensor.create(values, partition);
}
