import {ops, stopGradient, type Tensor} from '@keratin/core';

/** Bounds of batch renormalization's corrections. */
export interface RenormClipping {
  readonly rmin?: number | undefined;
  readonly rmax?: number | undefined;
  readonly dmax?: number | undefined;
}

/**
 * r = stddev / renormStddev and d = (mean - renormMean) / renormStddev, within their bounds and without gradients
 * (Ioffe, "Batch Renormalization", 2017).
 */
export function renormCorrection(
  mean: Tensor,
  stddev: Tensor,
  moving: {readonly mean: Tensor; readonly stddev: Tensor},
  epsilon: number,
  {rmin, rmax, dmax}: RenormClipping,
): {r: Tensor; d: Tensor} {
  // Not below what epsilon allows: early statistics are near 0.
  const scale = ops.maximum(moving.stddev, Math.sqrt(epsilon));
  let r = stddev.div(scale);
  let d = mean.sub(moving.mean).div(scale);
  if (rmin !== undefined) r = r.maximum(rmin);
  if (rmax !== undefined) r = r.minimum(rmax);
  if (dmax !== undefined) d = ops.clip(d, -dmax, dmax);
  return {r: stopGradient(r), d: stopGradient(d)};
}
