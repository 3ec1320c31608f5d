import {BaseSeparableConv, type SeparableConvOptions} from './base-separable-conv.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number];

/** Options of {@link SeparableConv1D}. */
export type SeparableConv1DOptions = SeparableConvOptions<Axes>;

/**
 * Convolution of each channel by itself, then a mix of the channels, over one spatial axis: inputs (batch, steps, channels).
 * Weights: depthwise_kernel (window..., channels, depthMultiplier), pointwise_kernel (1..., channels * depthMultiplier, filters),
 * bias (filters).
 */
export class SeparableConv1D extends BaseSeparableConv {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: SeparableConv1DOptions = {}) {
    super('SeparableConv1D', 1, filters, kernelSize, options);
  }
}
