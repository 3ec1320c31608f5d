import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number, number];

/** Options of {@link AveragePooling2D}. */
export type AveragePooling2DOptions = PoolingOptions<Axes>;

/** The mean of each window of inputs (batch, height, width, channels). */
export class AveragePooling2D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: AveragePooling2DOptions = {}) {
    super('AveragePooling2D', 2, 'average', poolSize, options);
  }
}
