import {inspect} from 'node:util';
import {type DType, type Element, type ElementOf} from '../dtype.js';
import {cast} from '../ops/elementwise.js';
import {type Axis} from '../ops/reduction.js';
import {tensorText} from '../tensor/print.js';
import {type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {toWide} from './parts.js';
import {add, type AddOptions, divide, multiply} from './combine.js';
import {reorder, toDense, type ToDenseOptions} from './create.js';
import {type MatmulOptions, sparseDenseMatmul} from './matmul.js';
import {reduceMax, reduceSum} from './reduction.js';
import {SparseTensor} from './sparse-tensor.js';
import {transpose} from './arrange.js';

// The methods of sparse tensors, attached where both the class and the functions exist.

declare module './sparse-tensor.js' {
  interface SparseTensor<E extends Element = number> {
    /** `sparse.add` */
    add(x: SparseTensor<E>, options?: AddOptions): SparseTensor<E>;
    add(x: TensorLike<E>, options?: AddOptions): Tensor<E>;
    /** `sparse.multiply` */
    mul(x: TensorLike<E>): SparseTensor<E>;
    /** `sparse.divide` */
    div(x: TensorLike<E>): SparseTensor<E>;
    /** Each element with the other sign. */
    neg(): SparseTensor<E>;
    /** The values converted. */
    cast<D extends DType>(dtype: D): SparseTensor<ElementOf<D>>;
    /** `sparse.sparseDenseMatmul` */
    matmul(x: TensorLike<E>, options?: MatmulOptions): Tensor<E>;
    /** `sparse.transpose` */
    transpose(perm?: readonly number[] | null): SparseTensor<E>;
    /** `sparse.reduceSum` */
    sum(axis?: Axis): Tensor<E>;
    /** `sparse.reduceMax` */
    max(axis?: Axis): Tensor<E>;
    /** `sparse.reorder` */
    reorder(): SparseTensor<E>;
    /** `sparse.toDense` */
    toDense(options?: ToDenseOptions<E>): Tensor<E>;
    /** The indices, values and sizes, as text. */
    toString(): string;
    /** Writes the text to the console. */
    print(): void;
  }
}

function text(x: SparseTensor<Element>): string {
  const shape = tensorText(toWide(x.denseShape, 'print', 'denseShape'));
  return `SparseTensor(indices=${tensorText(x.indices)}, values=${tensorText(x.values)}, denseShape=${shape})`;
}

type Self = SparseTensor;

const METHODS = {
  add(this: Self, x: SparseTensor, options?: AddOptions) {
    return add(this, x, options);
  },
  mul(this: Self, x: TensorLike) {
    return multiply(this, x);
  },
  div(this: Self, x: TensorLike) {
    return divide(this, x);
  },
  neg(this: Self) {
    return this.withValues(this.values.neg());
  },
  cast(this: Self, dtype: DType) {
    return this.withValues(cast(this.values, dtype));
  },
  matmul(this: Self, x: TensorLike, options?: MatmulOptions) {
    return sparseDenseMatmul(this, x, options);
  },
  transpose(this: Self, perm?: readonly number[] | null) {
    return transpose(this, perm);
  },
  sum(this: Self, axis?: Axis) {
    return reduceSum(this, axis);
  },
  max(this: Self, axis?: Axis) {
    return reduceMax(this, axis);
  },
  reorder(this: Self) {
    return reorder(this);
  },
  toDense(this: Self, options?: ToDenseOptions) {
    return toDense(this, options);
  },
  toString(this: Self) {
    return text(this);
  },
  print(this: Self) {
    console.log(text(this));
  },
  [inspect.custom](this: Self) {
    return text(this);
  },
};

for (const name of Reflect.ownKeys(METHODS)) {
  const value: unknown = Reflect.get(METHODS, name);
  Object.defineProperty(SparseTensor.prototype, name, {value, writable: true, configurable: true});
}
