import {config, ops, type Tensor} from '@keratin/core';

// Normalization in ops: the definition that the fused kernels are held to, and what runs where they cannot.

/** What {@link normalize} uses; each has the size of the channel axis. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly gamma: Tensor | null;
  readonly beta: Tensor | null;
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta along one axis. */
export function normalize(x: Tensor, {mean, variance, gamma, beta}: Statistics, axis: number, epsilon: number): Tensor {
  const at = axis < 0 ? axis + x.ndim : axis;
  const placed = (value: Tensor) =>
    at === x.ndim - 1 ? value : value.reshape(x.shape.map((_, i) => (i === at ? -1 : 1)));
  const rstd = variance.add(epsilon).rsqrt();
  const slope = gamma === null ? rstd : rstd.mul(gamma);
  const shift = beta === null ? mean.mul(slope).neg() : beta.sub(mean.mul(slope));
  return x.mul(placed(slope)).add(placed(shift));
}

/** Mean and population variance over `axes` of the entries that the mask (without the last axis) leaves. */
export function maskedMoments(
  x: Tensor,
  mask: Tensor<boolean>,
  axes: readonly number[],
): [mean: Tensor, variance: Tensor] {
  const weights = ops.cast(mask, x.dtype).expandDims(-1).broadcastTo(x.shape);
  const keep = weights.greater(0);
  const reduce = {axis: axes, keepdims: true};
  const total = ops.sum(weights, reduce).add(config.epsilon());
  const mean = ops.sum(ops.where(keep, x, 0), reduce).div(total);
  const centered = ops.where(keep, x.sub(mean), 0);
  const variance = ops.sum(centered.square(), reduce).div(total);
  return [mean.reshape([-1]), variance.reshape([-1])];
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta with moments over `axes`; gamma and beta broadcast to x. */
export function normalizeAxes(
  x: Tensor,
  gamma: Tensor | null,
  beta: Tensor | null,
  axes: readonly number[],
  epsilon: number,
): Tensor {
  const [mean, variance] = ops.moments(x, {axes, keepdims: true});
  const rstd = variance.add(epsilon).rsqrt();
  const slope = gamma === null ? rstd : rstd.mul(gamma);
  const shift = mean.mul(slope).neg();
  return x.mul(slope).add(beta === null ? shift : shift.add(beta));
}
