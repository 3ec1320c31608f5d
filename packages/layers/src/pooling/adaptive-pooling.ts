import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {perAxis} from '@keratin/core/internal';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Options of adaptive pooling layers. */
export interface AdaptivePoolingOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

type Sizes<A extends readonly number[]> = number | A;

/** Base of the layers that pool inputs of any size to outputs of one size. */
abstract class AdaptivePooling extends Layer {
  static override readonly positional = ['outputSize'];
  readonly outputSize: readonly number[];
  readonly dataFormat: DataFormat;

  constructor(where: string, rank: number, outputSize: number | readonly number[], options: AdaptivePoolingOptions) {
    super(options, ['dataFormat']);
    this.outputSize = perAxis(where, 'outputSize', outputSize, rank);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.inputSpec = {ndim: rank + 2};
  }

  protected abstract pool(x: Tensor): Tensor;

  override call(x: Tensor): Tensor {
    const half = x.dtype === 'float16' || x.dtype === 'bfloat16';
    return half ? ops.cast(this.pool(ops.cast(x, 'float32')), x.dtype) : this.pool(x);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    const [batch = null] = inputShape;
    return this.dataFormat === 'channels_last'
      ? [batch, ...this.outputSize, inputShape.at(-1) ?? null]
      : [batch, inputShape[1] ?? null, ...this.outputSize];
  }
  override getConfig(): Config {
    return {...super.getConfig(), output_size: [...this.outputSize], data_format: this.dataFormat};
  }
}

abstract class AdaptiveMax extends AdaptivePooling {
  protected override pool(x: Tensor): Tensor {
    return ops.adaptiveMaxPool(x, this.outputSize, {dataFormat: this.dataFormat});
  }
}

abstract class AdaptiveAverage extends AdaptivePooling {
  protected override pool(x: Tensor): Tensor {
    return ops.adaptiveAveragePool(x, this.outputSize, {dataFormat: this.dataFormat});
  }
}

/** The largest value of each of `outputSize` windows over sequences of any length. */
export class AdaptiveMaxPooling1D extends AdaptiveMax {
  constructor(outputSize: Sizes<readonly [number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveMaxPooling1D', 1, outputSize, options);
  }
}

/** The largest value of each of `outputSize` windows over images of any size. */
export class AdaptiveMaxPooling2D extends AdaptiveMax {
  constructor(outputSize: Sizes<readonly [number, number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveMaxPooling2D', 2, outputSize, options);
  }
}

/** The largest value of each of `outputSize` windows over volumes of any size. */
export class AdaptiveMaxPooling3D extends AdaptiveMax {
  constructor(outputSize: Sizes<readonly [number, number, number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveMaxPooling3D', 3, outputSize, options);
  }
}

/** The mean of each of `outputSize` windows over sequences of any length. */
export class AdaptiveAveragePooling1D extends AdaptiveAverage {
  constructor(outputSize: Sizes<readonly [number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveAveragePooling1D', 1, outputSize, options);
  }
}

/** The mean of each of `outputSize` windows over images of any size. */
export class AdaptiveAveragePooling2D extends AdaptiveAverage {
  constructor(outputSize: Sizes<readonly [number, number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveAveragePooling2D', 2, outputSize, options);
  }
}

/** The mean of each of `outputSize` windows over volumes of any size. */
export class AdaptiveAveragePooling3D extends AdaptiveAverage {
  constructor(outputSize: Sizes<readonly [number, number, number]>, options: AdaptivePoolingOptions = {}) {
    super('AdaptiveAveragePooling3D', 3, outputSize, options);
  }
}
