import {type DType, type Element} from '../dtype.js';
import {castTo} from '../ops/convert.js';
import {type Shape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type SparseParts, checkedParts, type SparseIndices, type SparseValues} from './parts.js';

/**
 * A tensor most of whose elements are 0, as the list of the others: their indices and values. It does not change. Elements are in any order
 * (`sparse.reorder` sorts them); gradients reach `values`.
 *
 * @example
 * const a = new SparseTensor([[0, 1], [2, 3]], [3.2, 4.5], [3, 4]);
 * sparse.toDense(a);
 */
export class SparseTensor<E extends Element = number> {
  /** [n, rank], int64: where each element stands. */
  readonly indices: Tensor<bigint>;
  /** [n] */
  readonly values: Tensor<E>;
  /** Sizes of the axes of the whole. */
  readonly denseShape: readonly number[];

  /**
   * @param indices n lists of one index for each axis
   * @param values n elements
   * @param denseShape sizes of the axes
   * @throws ShapeError where these do not fit each other
   * @throws IndexError where an index is outside of its axis
   */
  constructor(indices: SparseIndices, values: SparseValues<E>, denseShape: readonly number[]);
  /** @internal */
  constructor(parts: SparseParts<E>);
  constructor(indices: SparseIndices | SparseParts<E>, values?: SparseValues<E>, denseShape?: readonly number[]) {
    const parts = checkedParts(indices, values, denseShape);
    this.indices = parts.indices;
    this.values = parts.values;
    this.denseShape = parts.denseShape;
  }

  /** @internal Of parts that fit each other. */
  static create<E extends Element = number>(
    indices: Tensor,
    values: Tensor<E>,
    denseShape: readonly number[],
  ): SparseTensor<E> {
    return new SparseTensor<E>({fits: true, indices: castTo<bigint>(indices, 'int64'), values, denseShape});
  }

  get shape(): Shape {
    return this.denseShape;
  }

  get dtype(): DType {
    return this.values.dtype;
  }

  /** Number of axes. */
  get ndim(): number {
    return this.denseShape.length;
  }

  /** Number of elements of the list. */
  get nnz(): number {
    return this.values.dim(0);
  }

  /** Other values at the same places. */
  withValues<F extends Element>(values: Tensor<F>): SparseTensor<F> {
    return new SparseTensor<F>(this.indices, values, this.denseShape);
  }
}

export function isSparse(x: unknown): x is SparseTensor<Element> {
  return x instanceof SparseTensor;
}
