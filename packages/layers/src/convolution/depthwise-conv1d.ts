import {BaseDepthwiseConv, type DepthwiseConvOptions} from './base-depthwise-conv.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number];

/** Options of {@link DepthwiseConv1D}. */
export type DepthwiseConv1DOptions = DepthwiseConvOptions<Axes>;

/**
 * Convolution of each channel by itself over one spatial axis: inputs (batch, steps, channels) give
 * channels * depthMultiplier outputs. Weights: kernel (window..., channels, depthMultiplier), bias (channels * depthMultiplier).
 */
export class DepthwiseConv1D extends BaseDepthwiseConv {
  constructor(kernelSize: PerAxis<Axes>, options: DepthwiseConv1DOptions = {}) {
    super('DepthwiseConv1D', 1, kernelSize, options);
  }
}
