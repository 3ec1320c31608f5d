import {BaseConv, type ConvOptions, type PerAxis} from './base-conv.js';

type Axes = readonly [number, number, number];

/** Options of {@link Conv3D}. */
export type Conv3DOptions = ConvOptions<Axes>;

/**
 * Convolution over three spatial axes: inputs (batch, depth, height, width, channels) give (batch, ..., filters).
 * Weights: kernel (depth, height, width, channels / groups, filters), bias (filters).
 *
 * @example
 * const y = new layers.Conv3D(8, 3)(ops.ones([2, 8, 8, 8, 1]));
 */
export class Conv3D extends BaseConv {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv3DOptions = {}) {
    super('Conv3D', 3, filters, kernelSize, options);
  }
}
