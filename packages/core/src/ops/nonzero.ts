import {type Element, isInteger} from '../dtype.js';
import {ValueError} from '../errors.js';
import {checkShape, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';

// Positions as lists of indices.

/** Indices as int32 or int64. */
export function toIndices(x: AnyTensorLike, op: string): Tensor {
  const value: Tensor = toTensor(x, op);
  if (value.dtype === 'int32' || value.dtype === 'int64') return value;
  if (!isInteger(value.dtype) && !isPlain(x)) {
    throw new ValueError(`${op}: indices must be integers, got ${value.dtype} of shape ${show(value.shape)}`);
  }
  return castTo(value, 'int32', op);
}

const isPlain = (x: AnyTensorLike): boolean => typeof x !== 'object' || Array.isArray(x);

/** The indices (int32) of elements that are not zero: one list for each axis. */
export function nonzero(x: AnyTensorLike): Tensor[] {
  const value = toTensor<Element>(x, 'nonzero');
  const flags = castTo<Element>(castTo(value, 'bool'), 'uint8').data() as Uint8Array;
  let count = 0;
  for (let i = 0; i < flags.length; i++) count += flags[i] ?? 0;
  const positions = new Int32Array(count);
  let next = 0;
  for (let i = 0; next < count; i++) if (flags[i] !== 0) positions[next++] = i;
  return value.ndim === 1 ? [toIndices(positions, 'nonzero')] : unravelIndex(positions, value.shape.map(Number));
}

/** Positions in the flattened form of a shape as indices of each axis. */
export function unravelIndex(indices: AnyTensorLike, shape: readonly number[]): Tensor[] {
  const result: Tensor[] = [];
  let rest = toIndices(indices, 'unravelIndex');
  for (const size of [...checkShape('unravelIndex', shape)].reverse()) {
    result.unshift(rest.mod(Math.max(size, 1)));
    rest = rest.floorDivide(Math.max(size, 1));
  }
  return result;
}
