/** How a window slides along one axis. */
export interface Window {
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: 'valid' | 'same' | 'causal';
}

/** The size of the output along an axis: ceil(n / stride) where it is padded, else as many as whole windows fit. */
export function windowOutput(size: number | null, {window, stride, dilation, padding}: Window): number | null {
  if (size === null) return null;
  if (padding !== 'valid') return Math.ceil(size / stride);
  return Math.floor((size - dilation * (window - 1) - 1) / stride) + 1;
}
