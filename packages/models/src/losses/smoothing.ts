import {type Tensor, ValueError} from '@keratin/core';

/** What cross-entropies take beside targets and predictions. */
export interface SmoothingOptions {
  /** Whether predictions are logits instead of probabilities. Default false. */
  fromLogits?: boolean | undefined;
  /** How much of each label is spread over all classes, in [0, 1]. Default 0. */
  labelSmoothing?: number | undefined;
  /** Along which axis. Default -1. */
  axis?: number | undefined;
}

/** Their names. */
export const SMOOTHING_KEYS = ['fromLogits', 'labelSmoothing', 'axis'] as const;

/** The options with their defaults. */
export function smoothingOptions(
  options: SmoothingOptions,
  where: string,
): Required<{[K in keyof SmoothingOptions]: Exclude<SmoothingOptions[K], undefined>}> {
  const {fromLogits = false, labelSmoothing = 0, axis = -1} = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError(`${where}: labelSmoothing must be in [0, 1], got ${String(labelSmoothing)}`);
  }
  return {fromLogits, labelSmoothing, axis};
}

/** y (1 - s) + s / classes */
export function smoothClasses(labels: Tensor, smoothing: number): Tensor {
  if (smoothing === 0) return labels;
  return labels.mul(1 - smoothing).add(smoothing / labels.dim(-1));
}

/** y (1 - s) + s / 2 */
export function smoothBinary(labels: Tensor, smoothing: number): Tensor {
  if (smoothing === 0) return labels;
  return labels.mul(1 - smoothing).add(0.5 * smoothing);
}
