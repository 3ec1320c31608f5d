import {type Tensor} from '@keratin/core';
import {mapStructure, maskOf, tensorsIn} from '@keratin/core/internal';
import {type Masks} from './types.js';

// The masks of structures of tensors.

export const maskOfLeaf = (leaf: unknown): Tensor<boolean> | null => {
  const [tensor] = tensorsIn(leaf);
  return tensor === undefined ? null : maskOf(tensor);
};

/** Warnings: what happens to a mask that nobody would notice. */
export const MASK_LOST = 'the input has a mask, which this layer does not pass on; layers after it will not see it';
export const MASK_UNUSED =
  'beside other tensors the mask that travels with the inputs is not used, as in Keras; pass it as mask';

export const hasMasks = (masks: Masks): boolean => masks !== null && tensorsIn(masks).length > 0;

export const maskLost = (outputs: unknown): boolean => tensorsIn(outputs).some((output) => maskOf(output) === null);

export function flattenMasks(masks: Masks): (Tensor<boolean> | null)[] {
  const flat: (Tensor<boolean> | null)[] = [];
  mapStructure(masks, (leaf) => flat.push(leaf as Tensor<boolean> | null));
  return flat;
}
