import {BaseConv, type ConvOptions, type PerAxis} from './base-conv.js';

type Axes = readonly [number, number];

/** Options of {@link Conv2D}. */
export type Conv2DOptions = ConvOptions<Axes>;

/**
 * Convolution over two spatial axes: inputs (batch, height, width, channels) give (batch, newHeight, newWidth, filters).
 * Weights: kernel (height, width, channels / groups, filters), bias (filters).
 *
 * @example
 * const y = new layers.Conv2D(32, 3, {strides: 2, padding: 'same'})(ops.ones([4, 28, 28, 1]));
 */
export class Conv2D extends BaseConv {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv2DOptions = {}) {
    super('Conv2D', 2, filters, kernelSize, options);
  }
}
