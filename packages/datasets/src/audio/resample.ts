import {ops, type Tensor} from '@keratin/core';

/**
 * Sound with another number of samples, by its spectrum: `scipy.signal.resample` for real signals.
 *
 * @param samples (samples, channels), at least one sample
 */
export function resampled(samples: Tensor, count: number): Tensor {
  const length = samples.dim(0);
  if (length === count) return samples;
  const [re, im] = ops.rfft(ops.transpose(samples));
  const shared = Math.min(length, count);
  const bins = Math.floor(shared / 2) + 1;
  const target = Math.floor(count / 2) + 1;
  // The bin of half the smaller rate stands for two frequencies in the one spectrum and for one in the other.
  const last = shared % 2 === 0 ? (count < length ? 2 : 0.5) : 1;
  const fitted = (part: Tensor): Tensor => {
    const kept = ops.slice(part, [0, 0], [part.dim(0), bins]);
    const weights = Array.from({length: bins}, (_, i) => (i === bins - 1 ? last : 1));
    return ops.pad(kept.mul(weights), [
      [0, 0],
      [0, target - bins],
    ]);
  };
  const spectrum: [Tensor, Tensor] = [fitted(re), fitted(im)];
  return ops.transpose(ops.irfft(spectrum, {fftLength: count}).mul(count / length));
}
