import {ops, type Tensor} from '@keratin/core';

/** Labels 0 and 1 as -1 and 1, where there are no others. */
export function toSigns(labels: Tensor): Tensor {
  const binary = labels.equal(0).logicalOr(labels.equal(1)).all();
  return ops.where(binary, labels.mul(2).sub(1), labels);
}
