import {DTYPES, type DType, checkDType, type Element, isFloating, type RawArray} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {type Shape} from '../shape.js';
import {convert, tensor, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from './convert.js';
import {clip} from './elementwise.js';

// What a tensor is, and its conversions.

/** Whether a value is a tensor (a Variable is one too). */
export {isTensor} from '../tensor/tensor.js';
/** `tensor` under the names that NumPy and TensorFlow have for it. */
export {tensor as array, tensor as convertToTensor} from '../tensor/convert.js';

/** Sizes of the axes. */
export const shape = (x: AnyTensorLike): Shape => toTensor<Element>(x, 'shape').shape;

/** Number of elements. */
export const size = (x: AnyTensorLike): number => toTensor<Element>(x, 'size').size;

/** Number of axes. */
export const ndim = (x: AnyTensorLike): number => toTensor<Element>(x, 'ndim').ndim;

/** The dtype that a value has as a tensor. */
export const dtype = (x: AnyTensorLike): DType => toTensor<Element>(x, 'dtype').dtype;

/** The elements with shape and dtype, as array libraries take them. */
export const convertToNumpy = (x: AnyTensorLike): ReturnType<Tensor['numpy']> => toTensor(x, 'convertToNumpy').numpy();

/** The same values; tensors never change, so that this is the tensor itself, or a Variable's present value. */
export function copy(x: AnyTensorLike): Tensor {
  const value: Tensor = toTensor(x, 'copy');
  return value.mutable ? value.reshape(value.shape.map((n) => n ?? -1)) : value;
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {float16: [-65504, 65504]};

/** The range of numbers of a dtype; null where it holds those of every other. */
function rangeOf(target: DType): readonly [number, number] | null {
  const {kind, bytes} = DTYPES[target];
  const bits = bytes * 8;
  if (kind === 'uint') return [0, 2 ** bits - 1];
  if (kind === 'int') return [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return RANGES[target] ?? null;
}

/** Converts; what is beyond the range of the dtype becomes its nearest end. */
export function saturateCast<E extends Element = number>(x: AnyTensorLike, target: DType): Tensor<E> {
  const value: Tensor = toTensor(x, 'saturateCast');
  const range = rangeOf(checkDType('saturateCast', target));
  if (range === null || value.dtype === 'bool') return castTo<E>(value, target, 'saturateCast');
  const own = isFloating(value.dtype) ? null : rangeOf(value.dtype);
  const low = Math.max(range[0], own?.[0] ?? -Infinity);
  // The largest whole number below the end that the dtype of x has.
  const top = Math.min(range[1], own?.[1] ?? Infinity);
  const high =
    value.dtype === 'float32' && top > 2 ** 24
      ? top - (top % 2 ** 30 === 0 ? 0 : 2 ** Math.floor(Math.log2(top)) / 2 ** 23)
      : top;
  return castTo<E>(clip(value, low, high), target, 'saturateCast');
}

/** The bits of the elements read as another dtype: the last axis grows or shrinks as the size of an element does. */
export function view<E extends Element = number>(x: AnyTensorLike, target: DType): Tensor<E> {
  const value = toTensor<Element>(x, 'view');
  const from = DTYPES[value.dtype];
  const to = DTYPES[checkDType('view', target)];
  const sizes = value.shape.map(Number);
  const last = (sizes.at(-1) ?? 1) * from.bytes;
  if (from.code < 0 || to.code < 0 || last % to.bytes !== 0 || (sizes.length === 0 && from.bytes !== to.bytes)) {
    throw new ShapeError(`view: a last axis of ${String(last)} bytes of ${value.dtype} does not hold ${target}`);
  }
  const shaped = sizes.length === 0 ? [] : [...sizes.slice(0, -1), last / to.bytes];
  const raw = value.data() as RawArray;
  const made = new to.array((raw.length * from.bytes) / to.bytes);
  new Uint8Array(made.buffer).set(new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength));
  return convert<E>(
    tensor(made as Float32Array, {shape: shaped}) as TensorLike<Element> as TensorLike<E>,
    target,
    'view',
  );
}
