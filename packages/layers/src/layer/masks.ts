import {type Tensor} from '@keratin/core';
import {mapStructure, maskOf, tensorsIn} from '@keratin/core/internal';
import {type Masks} from './types.js';

// The masks of structures of tensors.

export const maskOfLeaf = (leaf: unknown): Tensor<boolean> | null => {
  const [tensor] = tensorsIn(leaf);
  return tensor === undefined ? null : maskOf(tensor);
};

export const maskLost = (outputs: unknown): boolean => tensorsIn(outputs).some((output) => maskOf(output) === null);

export function flattenMasks(masks: Masks): (Tensor<boolean> | null)[] {
  const flat: (Tensor<boolean> | null)[] = [];
  mapStructure(masks, (leaf) => flat.push(leaf as Tensor<boolean> | null));
  return flat;
}
