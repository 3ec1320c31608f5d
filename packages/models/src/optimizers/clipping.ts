import {ops, type Tensor} from '@keratin/core';

/** g c / max(|g|, c) */
function clipByNorm(gradient: Tensor, norm: number): Tensor {
  const length = gradient.square().sum().sqrt();
  return gradient.mul(norm).div(length.maximum(norm));
}

/** Every gradient times min(1 / |all|, 1 / c) c; NaN where the norm is not finite. */
function clipByGlobalNorm(gradients: readonly Tensor[], norm: number): Tensor[] {
  const squares = gradients.map((gradient) => gradient.square().sum());
  const length = ops.addN(squares.map((square) => ops.cast(square, 'float32'))).sqrt();
  const scale = length
    .reciprocal()
    .minimum(1 / norm)
    .mul(norm)
    .add(length.sub(length));
  return gradients.map((gradient) => gradient.mul(ops.cast(scale, gradient.dtype)));
}

/** Gradients clipped by the one bound that is set: each by its norm, all by the norm of all, or each element. */
export function clip(
  gradients: readonly Tensor[],
  bounds: {readonly clipnorm: number | null; readonly globalClipnorm: number | null; readonly clipvalue: number | null},
): readonly Tensor[] {
  const {clipnorm, globalClipnorm, clipvalue} = bounds;
  if (clipnorm !== null && clipnorm > 0) return gradients.map((gradient) => clipByNorm(gradient, clipnorm));
  if (globalClipnorm !== null && globalClipnorm > 0) return clipByGlobalNorm(gradients, globalClipnorm);
  if (clipvalue !== null && clipvalue > 0) return gradients.map((gradient) => gradient.clip(-clipvalue, clipvalue));
  return gradients;
}
