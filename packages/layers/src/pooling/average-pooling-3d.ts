import {BasePooling, type PoolingOptions} from './base-pooling.js';

type Axes = readonly [number, number, number];

/** Options of {@link AveragePooling3D}. */
export type AveragePooling3DOptions = PoolingOptions<Axes>;

/** The mean of each window of inputs (batch, depth, height, width, channels). */
export class AveragePooling3D extends BasePooling {
  /** @param poolSize the window; default 2 */
  constructor(poolSize: number | Axes = 2, options: AveragePooling3DOptions = {}) {
    super('AveragePooling3D', 3, 'average', poolSize, options);
  }
}
