import {BaseConvTranspose, type ConvTransposeOptions} from './base-conv-transpose.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number, number, number];

/** Options of {@link Conv3DTranspose}. */
export type Conv3DTransposeOptions = ConvTransposeOptions<Axes>;

/**
 * Transposed convolution over three spatial axes: inputs (batch, depth, height, width, channels) become larger by `strides`.
 * Weights: kernel (window..., filters, channels), bias (filters).
 */
export class Conv3DTranspose extends BaseConvTranspose {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv3DTransposeOptions = {}) {
    super('Conv3DTranspose', 3, filters, kernelSize, options);
  }
}
