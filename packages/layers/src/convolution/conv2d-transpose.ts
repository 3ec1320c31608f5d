import {BaseConvTranspose, type ConvTransposeOptions} from './base-conv-transpose.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number, number];

/** Options of {@link Conv2DTranspose}. */
export type Conv2DTransposeOptions = ConvTransposeOptions<Axes>;

/**
 * Transposed convolution over two spatial axes: inputs (batch, height, width, channels) become larger by `strides`.
 * Weights: kernel (window..., filters, channels), bias (filters).
 */
export class Conv2DTranspose extends BaseConvTranspose {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv2DTransposeOptions = {}) {
    super('Conv2DTranspose', 2, filters, kernelSize, options);
  }
}
