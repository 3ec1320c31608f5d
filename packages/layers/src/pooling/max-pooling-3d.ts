import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number, number, number];

/** Options of {@link MaxPooling3D}. */
export type MaxPooling3DOptions = PoolingOptions<Axes>;

/** The largest value of each window of inputs (batch, depth, height, width, channels). */
export class MaxPooling3D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: MaxPooling3DOptions = {}) {
    super('MaxPooling3D', 3, 'max', poolSize, options);
  }
}
