import {BaseConv, type ConvOptions, type PerAxis} from './base-conv.js';

type Axes = readonly [number];

/** Options of {@link Conv1D}. */
export type Conv1DOptions = ConvOptions<Axes, 'valid' | 'same' | 'causal'>;

/**
 * Convolution over one spatial axis: inputs (batch, steps, channels) give (batch, newSteps, filters). `'causal'` padding lets no output see later steps.
 * Weights: kernel (size, channels / groups, filters), bias (filters).
 *
 * @example
 * const y = new layers.Conv1D(32, 3, {padding: 'causal', activation: 'relu'})(ops.ones([4, 10, 8]));
 */
export class Conv1D extends BaseConv {
  constructor(filters: number, kernelSize: PerAxis<Axes>, options: Conv1DOptions = {}) {
    super('Conv1D', 1, filters, kernelSize, options);
  }
}
