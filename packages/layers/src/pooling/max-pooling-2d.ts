import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number, number];

/** Options of {@link MaxPooling2D}. */
export type MaxPooling2DOptions = PoolingOptions<Axes>;

/** The largest value of each window of inputs (batch, height, width, channels). */
export class MaxPooling2D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: MaxPooling2DOptions = {}) {
    super('MaxPooling2D', 2, 'max', poolSize, options);
  }
}
