import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number];

/** Options of {@link AveragePooling1D}. */
export type AveragePooling1DOptions = PoolingOptions<Axes>;

/** The mean of each window of inputs (batch, steps, channels). */
export class AveragePooling1D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: AveragePooling1DOptions = {}) {
    super('AveragePooling1D', 1, 'average', poolSize, options);
  }
}
