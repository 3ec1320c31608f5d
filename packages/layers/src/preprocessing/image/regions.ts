import {ops, type Tensor} from '@keratin/core';

/** Edges of a rectangle in each image: (n, 1, 1, 1). */
export interface Region {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly top: Tensor;
  readonly bottom: Tensor;
}

/** Which pixels (n, height, width, 1) are in the rectangles. */
export function inside({left, right, top, bottom}: Region, height: number, width: number): Tensor<boolean> {
  const y = ops.cast(ops.arange(height), 'float32').reshape([1, height, 1, 1]);
  const x = ops.cast(ops.arange(width), 'float32').reshape([1, 1, width, 1]);
  const across = x.greaterEqual(left).logicalAnd(x.less(right));
  return y.greaterEqual(top).logicalAnd(y.less(bottom)).logicalAnd(across);
}
