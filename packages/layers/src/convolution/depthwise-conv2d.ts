import {BaseDepthwiseConv, type DepthwiseConvOptions} from './base-depthwise-conv.js';
import {type PerAxis} from './window-layer.js';

type Axes = readonly [number, number];

/** Options of {@link DepthwiseConv2D}. */
export type DepthwiseConv2DOptions = DepthwiseConvOptions<Axes>;

/**
 * Convolution of each channel by itself over two spatial axes: inputs (batch, height, width, channels) give
 * channels * depthMultiplier outputs. Weights: kernel (window..., channels, depthMultiplier), bias (channels * depthMultiplier).
 */
export class DepthwiseConv2D extends BaseDepthwiseConv {
  constructor(kernelSize: PerAxis<Axes>, options: DepthwiseConv2DOptions = {}) {
    super('DepthwiseConv2D', 2, kernelSize, options);
  }
}
