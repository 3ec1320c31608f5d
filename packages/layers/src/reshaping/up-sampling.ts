import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {perAxis} from '@keratin/core/internal';
import {checkChoice, checkCount} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Options of {@link UpSampling3D}. */
export interface UpSamplingOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

const INTERPOLATIONS = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const;

/** Options of {@link UpSampling2D}. */
export interface UpSampling2DOptions extends UpSamplingOptions {
  /** How the new pixels are computed. Default `'nearest'`. */
  interpolation?: (typeof INTERPOLATIONS)[number] | undefined;
}

/** Base of the layers that repeat the steps of each spatial axis. */
abstract class UpSampling extends Layer {
  static override readonly positional = ['size'];
  readonly size: readonly number[];
  protected readonly first: number;

  constructor(
    rank: number,
    size: readonly number[],
    options: LayerOptions,
    ownOptions: readonly string[],
    dataFormat: DataFormat,
  ) {
    super(options, ownOptions);
    this.size = size;
    this.first = dataFormat === 'channels_last' ? 1 : 2;
    this.inputSpec = {ndim: rank + 2};
  }
  override call(x: Tensor): Tensor {
    return this.size.reduce((y, times, i) => (times === 1 ? y : ops.repeat(y, times, this.first + i)), x);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape.map((n, axis) => (n === null ? null : n * (this.size[axis - this.first] ?? 1)));
  }
}

/** Repeats each step `size` times: inputs (batch, steps, features). */
export class UpSampling1D extends UpSampling {
  constructor(size = 2, options: LayerOptions = {}) {
    super(1, [checkCount('UpSampling1D', 'size', size)], options, [], 'channels_last');
  }
  override getConfig(): Config {
    return {...super.getConfig(), size: this.size[0] ?? 1};
  }
}

/** Makes images larger by whole factors. */
export class UpSampling2D extends UpSampling {
  readonly dataFormat: DataFormat;
  readonly interpolation: (typeof INTERPOLATIONS)[number];

  /** @param size factors of height and width; default 2 */
  constructor(size: number | readonly [number, number] = 2, options: UpSampling2DOptions = {}) {
    const dataFormat = dataFormatOf('UpSampling2D', options.dataFormat);
    super(2, perAxis('UpSampling2D', 'size', size, 2), options, ['dataFormat', 'interpolation'], dataFormat);
    this.dataFormat = dataFormat;
    this.interpolation = checkChoice(
      'UpSampling2D',
      'interpolation',
      options.interpolation ?? 'nearest',
      INTERPOLATIONS,
    );
  }
  override call(x: Tensor): Tensor {
    if (this.interpolation === 'nearest') return super.call(x);
    const {dataFormat, interpolation} = this;
    const shape = this.computeOutputShape(x.shape);
    const size: [number, number] = [shape[this.first] ?? 0, shape[this.first + 1] ?? 0];
    return ops.image.resize(x, size, {dataFormat, interpolation});
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      size: [...this.size],
      data_format: this.dataFormat,
      interpolation: this.interpolation,
    };
  }
}

/** Repeats each step of volumes. */
export class UpSampling3D extends UpSampling {
  readonly dataFormat: DataFormat;

  /** @param size factors of the three axes; default 2 */
  constructor(size: number | readonly [number, number, number] = 2, options: UpSamplingOptions = {}) {
    const dataFormat = dataFormatOf('UpSampling3D', options.dataFormat);
    super(3, perAxis('UpSampling3D', 'size', size, 3), options, ['dataFormat'], dataFormat);
    this.dataFormat = dataFormat;
  }
  override getConfig(): Config {
    return {...super.getConfig(), size: [...this.size], data_format: this.dataFormat};
  }
}
