import {type DType, type Element, isTensor, type Tensor, tensor, ValueError} from '@keratin/core';
import {describe, isPlainObject, isSymbolic} from '@keratin/core/internal';

/** A tensor on its way between two threads: a plain object, since classes do not survive the way. */
interface Parcel {
  readonly keratinTensor: true;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: unknown;
}

const isParcel = (value: object): value is Parcel => 'keratinTensor' in value && value.keratinTensor === true;

/** An element that can be sent to another thread, and the memory that goes over without a copy. */
export function pack(where: string, element: unknown): {readonly content: unknown; readonly memory: ArrayBuffer[]} {
  const memory: ArrayBuffer[] = [];
  const walk = (value: unknown): unknown => {
    if (isTensor(value)) return parcelOf(where, value, memory);
    if (Array.isArray(value)) return value.map(walk);
    if (isPlainObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
    }
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new ValueError(`${where}: ${describe(value)} cannot be sent to another thread`);
    }
    return value;
  };
  return {content: walk(element), memory};
}

function parcelOf(where: string, value: Tensor<Element>, memory: ArrayBuffer[]): Parcel {
  if (isSymbolic(value)) throw new ValueError(`${where}: a symbolic tensor has no values to send`);
  const {dtype} = value;
  const shape = value.shape as readonly number[];
  if (dtype === 'string') return {keratinTensor: true, dtype, shape, values: value.reshape([-1]).array()};
  if (dtype === 'complex64' || dtype === 'complex128') {
    throw new ValueError(`${where}: a tensor of ${dtype} cannot be sent to another thread; send its parts`);
  }
  const values = value.data() as ArrayBufferView;
  if (values.buffer instanceof ArrayBuffer) memory.push(values.buffer);
  return {keratinTensor: true, dtype, shape, values};
}

/** The element again. */
export function unpack(content: unknown): unknown {
  if (Array.isArray(content)) return content.map(unpack);
  if (isPlainObject(content)) {
    if (isParcel(content))
      return tensor(
        content.values as number[],
        {dtype: content.dtype, shape: content.shape} as {dtype: 'float32'; shape: readonly number[]},
      );
    return Object.fromEntries(Object.entries(content).map(([key, part]) => [key, unpack(part)]));
  }
  return content;
}
