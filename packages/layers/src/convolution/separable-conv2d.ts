import {BaseSeparableConv, type SeparableConvOptions} from './base-separable-conv.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number, number];

/** Options of {@link SeparableConv2D}. */
export type SeparableConv2DOptions = SeparableConvOptions<Axes>;

/**
 * Convolution of each channel by itself, then a mix of the channels, over two spatial axes: inputs (batch, height, width, channels).
 * Weights: depthwise_kernel (window..., channels, depthMultiplier), pointwise_kernel (1..., channels * depthMultiplier, filters),
 * bias (filters).
 */
export class SeparableConv2D extends BaseSeparableConv {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: SeparableConv2DOptions = {}) {
    super('SeparableConv2D', 2, filters, kernelSize, options);
  }
}
