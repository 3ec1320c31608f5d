import {BaseConvTranspose, type ConvTransposeOptions} from './base-conv-transpose.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number];

/** Options of {@link Conv1DTranspose}. */
export type Conv1DTransposeOptions = ConvTransposeOptions<Axes>;

/**
 * Transposed convolution over one spatial axis: inputs (batch, steps, channels) become larger by `strides`.
 * Weights: kernel (window..., filters, channels), bias (filters).
 */
export class Conv1DTranspose extends BaseConvTranspose {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv1DTransposeOptions = {}) {
    super('Conv1DTranspose', 1, filters, kernelSize, options);
  }
}
