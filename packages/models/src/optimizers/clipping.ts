import {ops, type Tensor} from '@keratin/core';

/** g c / max(|g|, c) */
export function clipByNorm(gradient: Tensor, norm: number): Tensor {
  const length = gradient.square().sum().sqrt();
  return gradient.mul(norm).div(length.maximum(norm));
}

/** Every gradient times min(1 / |all|, 1 / c) c; NaN where the norm is not finite. */
export function clipByGlobalNorm(gradients: readonly Tensor[], norm: number): Tensor[] {
  const squares = gradients.map((gradient) => gradient.square().sum());
  const length = ops.addN(squares.map((square) => ops.cast(square, 'float32'))).sqrt();
  const scale = length
    .reciprocal()
    .minimum(1 / norm)
    .mul(norm)
    .add(length.sub(length));
  return gradients.map((gradient) => gradient.mul(ops.cast(scale, gradient.dtype)));
}
