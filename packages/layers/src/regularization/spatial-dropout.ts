import {type Config} from '@keratin/core';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {type LayerOptions} from '../layer/types.js';
import {Dropout} from './dropout.js';

/** Options of {@link SpatialDropout1D}. */
export interface SpatialDropout1DOptions extends LayerOptions {
  /** An integer makes the sequence of masks reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** Options of {@link SpatialDropout2D} and {@link SpatialDropout3D}. */
export interface SpatialDropoutOptions extends SpatialDropout1DOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

/** Base of the dropouts that drop whole channels: neighbours in an image say much the same (Tompson et al., 2015). */
abstract class SpatialDropout extends Dropout {
  readonly dataFormat: DataFormat;

  constructor(where: string, rank: number, rate: number, options: SpatialDropoutOptions) {
    super(rate, options, ['dataFormat']);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.inputSpec = {ndim: rank + 2};
  }
  protected override noiseOf(shape: readonly number[]): readonly number[] {
    const channels = this.dataFormat === 'channels_last' ? shape.length - 1 : 1;
    return shape.map((n, axis) => (axis === 0 || axis === channels ? n : 1));
  }
  // Keras writes these alone.
  override getConfig(): Config {
    const {rate, seed, name, dtypePolicy, dataFormat} = this;
    return {rate, seed, name, dtype: dtypePolicy.name, data_format: dataFormat};
  }
}

/** Drops whole features of sequences (batch, steps, features). */
export class SpatialDropout1D extends SpatialDropout {
  constructor(rate: number, options: SpatialDropout1DOptions = {}) {
    super('SpatialDropout1D', 1, rate, options);
  }
  override getConfig(): Config {
    const {data_format: _, ...config} = super.getConfig();
    return config;
  }
}

/** Drops whole channels of images. */
export class SpatialDropout2D extends SpatialDropout {
  constructor(rate: number, options: SpatialDropoutOptions = {}) {
    super('SpatialDropout2D', 2, rate, options);
  }
}

/** Drops whole channels of volumes. */
export class SpatialDropout3D extends SpatialDropout {
  constructor(rate: number, options: SpatialDropoutOptions = {}) {
    super('SpatialDropout3D', 3, rate, options);
  }
}
