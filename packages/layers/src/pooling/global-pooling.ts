import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {checkBoolean} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';

/** Options of global pooling layers. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Whether the spatial axes stay, with size 1. Default false. */
  keepdims?: boolean | undefined;
}

/** Base of the layers that pool whole images or sequences: (batch, spatial..., channels) becomes (batch, channels). */
abstract class GlobalPooling extends Layer {
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;
  protected readonly axes: readonly number[];

  constructor(where: string, rank: number, options: GlobalPoolingOptions) {
    super(options, ['dataFormat', 'keepdims']);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.keepdims = checkBoolean(where, 'keepdims', options.keepdims ?? false);
    const first = this.dataFormat === 'channels_last' ? 1 : 2;
    this.axes = Array.from({length: rank}, (_, i) => first + i);
    this.inputSpec = {ndim: rank + 2};
    this.buildAtInit();
  }

  override computeOutputShape(inputShape: Shape): Shape {
    if (this.keepdims) return inputShape.map((n, axis) => (this.axes.includes(axis) ? 1 : n));
    return inputShape.filter((_, axis) => !this.axes.includes(axis));
  }

  override getConfig(): Config {
    return {...super.getConfig(), data_format: this.dataFormat, keepdims: this.keepdims};
  }
}

abstract class GlobalMaxPooling extends GlobalPooling {
  override call(x: Tensor, _options: CallOptions): Tensor {
    return ops.max(x, {axis: this.axes, keepdims: this.keepdims});
  }
}

abstract class GlobalAveragePooling extends GlobalPooling {
  override call(x: Tensor, _options: CallOptions): Tensor {
    return ops.mean(x, {axis: this.axes, keepdims: this.keepdims});
  }
}

/** The largest value of each channel over the steps. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalMaxPooling1D', 1, options);
  }
}

/** The largest value of each channel over an image. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalMaxPooling2D', 2, options);
  }
}

/** The largest value of each channel over a volume. */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalMaxPooling3D', 3, options);
  }
}

/** The mean of each channel over the steps; with a mask over those that count. */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalAveragePooling1D', 1, options);
    this.supportsMasking = true;
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    const {mask} = options;
    if (mask === undefined) return super.call(x, options);
    const weights = ops.cast(mask, x.dtype).expandDims(this.dataFormat === 'channels_last' ? 2 : 1);
    const reduce = {axis: this.axes, keepdims: this.keepdims};
    return ops.sum(x.mul(weights), reduce).div(ops.sum(weights, reduce));
  }

  override computeMask(_inputs: Tensor, _previousMask: Masks): Masks {
    return null;
  }
}

/** The mean of each channel over an image. */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalAveragePooling2D', 2, options);
  }
}

/** The mean of each channel over a volume. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  constructor(options: GlobalPoolingOptions = {}) {
    super('GlobalAveragePooling3D', 3, options);
  }
}
