import {type Element} from '../dtype.js';
import {Tensor} from '../tensor/tensor.js';
import {type AnyTensor} from './primitive.js';

// Mask and logits travel with a tensor; operations drop them unless they say otherwise.

/** The same tensor with a mask: `true` marks the entries that count. Null takes the mask away. */
export function withMask<E extends Element>(tensor: Tensor<E>, mask: Tensor<boolean> | null): Tensor<E> {
  tensor.extra = {...tensor.extra, mask: mask ?? undefined};
  return tensor;
}

export function maskOf(tensor: AnyTensor): Tensor<boolean> | null {
  return tensor.extra?.mask ?? null;
}

/** Remembers what a softmax or sigmoid was applied to, so that a loss can use it: nothing is clipped then, as in Keras. */
export function withLogits(output: Tensor, logits: Tensor, activation: 'softmax' | 'sigmoid'): Tensor {
  output.extra = {...output.extra, logits: {tensor: logits, activation}};
  return output;
}

export function logitsOf(
  tensor: AnyTensor,
): {readonly tensor: Tensor; readonly activation: 'softmax' | 'sigmoid'} | null {
  return tensor.extra?.logits ?? null;
}

/** A tensor with a shape and a dtype but no value, as `Input` makes it. */
export function symbolicTensor<E extends Element = number>(
  spec: Pick<AnyTensor, 'shape' | 'dtype'>,
  name?: string,
): Tensor<E> {
  const made = Tensor.create<E>(spec.shape, spec.dtype, null);
  if (name !== undefined) made.extra = {name};
  return made;
}

export function isSymbolic(tensor: AnyTensor): boolean {
  return tensor.source === null;
}

/** The name of a symbolic tensor, where it has one. */
export function nameOf(tensor: AnyTensor): string | undefined {
  return tensor.extra?.name;
}
