import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number];

/** Options of {@link MaxPooling1D}. */
export type MaxPooling1DOptions = PoolingOptions<Axes>;

/** The largest value of each window of inputs (batch, steps, channels). */
export class MaxPooling1D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: MaxPooling1DOptions = {}) {
    super('MaxPooling1D', 1, 'max', poolSize, options);
  }
}
