import {DtypeError, tensor, type Tensor} from '@keratin/core';
import {type ElementSpec, TensorSpec} from './spec.js';

/** Elements that are known by number, so that orders work on numbers and batches are made at once. */
export interface Rows {
  readonly spec: ElementSpec;
  /** The element of a number. */
  row(index: number): unknown;
  /** The elements of several numbers, stacked. */
  rows(indices: readonly number[]): unknown;
}

/** Numbers themselves, as tensors: the elements of `range`. */
export class NumberRows implements Rows {
  readonly spec: ElementSpec;

  constructor(private readonly dtype: 'int32' | 'int64') {
    this.spec = new TensorSpec([], dtype);
  }

  row(index: number): Tensor {
    if (this.dtype === 'int64') return tensor(BigInt(index), 'int64') as Tensor<bigint | number> as Tensor;
    if (index !== (index | 0))
      throw new DtypeError(`Dataset.range: ${String(index)} does not fit int32; ask for int64`);
    return tensor(index, 'int32');
  }

  rows(indices: readonly number[]): unknown {
    if (this.dtype === 'int64') return tensor(BigInt64Array.from(indices, BigInt));
    return tensor([...indices], 'int32');
  }
}
