import {type DType, type Element, isTensor, RaggedTensor, type Tensor, type TensorLike} from '@keratin/core';
import {
  convert,
  isFloating,
  isPlainObject,
  logitsOf,
  maskOf,
  tensorsIn,
  withLogits,
  withMask,
} from '@keratin/core/internal';

/**
 * What a layer was called with, as tensors: numbers, nested and typed arrays are converted, floating tensors of another dtype cast to
 * the layer's compute dtype (null: not cast); integers, booleans and strings stay. A list that holds a tensor is a list of inputs.
 */
export function convertInputs(value: unknown, dtype: DType | null, where: string): unknown {
  if (isTensor(value)) return castFloating(value, dtype);
  const [tensor] = tensorsIn(value);
  if (Array.isArray(value) && tensor !== undefined) {
    return value.map((entry: unknown) => convertInputs(entry, dtype, where));
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, convertInputs(entry, dtype, where)]));
  }
  if (value === null || value === undefined || value instanceof RaggedTensor) return value;
  return castFloating(convert(value as TensorLike, undefined, where), dtype);
}

function castFloating(x: Tensor<Element>, dtype: DType | null): Tensor<Element> {
  if (dtype === null || x.dtype === dtype || !isFloating(x.dtype) || !isFloating(dtype)) return x;
  const y: Tensor<Element> = x.cast(dtype);
  const mask = maskOf(x);
  const logits = logitsOf(x);
  if (logits !== null) withLogits(y as Tensor, logits.tensor, logits.activation);
  return mask === null ? y : withMask(y, mask);
}
