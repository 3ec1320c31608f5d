import {type Element, DTYPES} from '../dtype.js';
import {contiguous} from '../engine/execute.js';
import {ShapeError} from '../errors.js';
import {concatenate} from '../ops/shape.js';
import {concrete, sizeOf} from '../shape.js';
import {assertReadable, Tensor} from './tensor.js';
import {Storage} from './storage.js';

/**
 * The rows of a tensor by number: views that are made when they are asked for, at a tenth of the cost of an operation. No tape sees
 * them, and the number is not checked: for data pipelines.
 */
export function rowViews<E extends Element>(tensor: Tensor<E>, where: string): (row: number) => Tensor<E> {
  assertReadable(tensor, where);
  if (tensor.ndim === 0) throw new ShapeError(`${where}: a scalar has no rows, got a tensor of shape ()`);
  const whole = typeof tensor.source === 'number' ? tensor : contiguous(tensor);
  const {source, offset} = whole;
  // A Variable must not change what its rows show.
  if (source instanceof Storage) source.shared = true;
  const shape = concrete(tensor.shape).slice(1);
  const size = sizeOf(shape) ?? 0;
  return (row) => Tensor.create<E>(shape, tensor.dtype, source, null, offset + row * size);
}

/** Tensors of one shape and dtype, which the caller has checked, along a new first axis; no tape sees it. */
export function stackRows<E extends Element>(rows: readonly Tensor<E>[]): Tensor<E> {
  const [first] = rows;
  if (first === undefined) throw new ShapeError('stackRows: there is nothing to stack');
  const {dtype} = first;
  const shape = [1, ...concrete(first.shape)];
  if (shape.length === 1 && DTYPES[dtype].kind !== 'string') {
    const scalars = rows.map(({source}) => source);
    if (scalars.every((source) => typeof source === 'number' && source === scalars[0])) {
      return Tensor.create<E>([rows.length], dtype, scalars[0] ?? 0);
    }
  }
  const parts = rows.map(({source, strides, offset}) =>
    Tensor.create(shape, dtype, source, strides === null ? null : [0, ...strides], offset),
  );
  return concatenate(parts, 0) as Tensor<Element> as Tensor<E>;
}
