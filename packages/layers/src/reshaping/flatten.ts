import {type Config, type Shape, type Tensor} from '@keratin/core';
import {isConcrete, symbolicTensor} from '@keratin/core/internal';
import {dataFormatOf, type DataFormat} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {sizeOrOpen} from '../layer/shapes.js';

/** Options of {@link Flatten}. */
export interface FlattenOptions extends LayerOptions {
  /** With `'channels_first'` the channels are moved to the end first. Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

/** (batch, a, b, ...) becomes (batch, a * b * ...); (batch) becomes (batch, 1). */
export class Flatten extends Layer {
  readonly dataFormat: DataFormat;

  constructor(options: FlattenOptions = {}) {
    super(options, ['dataFormat']);
    this.dataFormat = dataFormatOf('Flatten', options.dataFormat);
    this.inputSpec = {minNdim: 1};
  }
  override call(x: Tensor): Tensor {
    const last = this.dataFormat === 'channels_first' && x.ndim > 1 ? toChannelsLast(x) : x;
    const shape = this.computeOutputShape(x.shape);
    // Two open sizes cannot be told to reshape.
    if (!isConcrete(shape)) return symbolicTensor({shape, dtype: x.dtype});
    return last.reshape(shape);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0] ?? null, sizeOrOpen(inputShape.slice(1))];
  }
  override getConfig(): Config {
    return {...super.getConfig(), data_format: this.dataFormat};
  }
}

const toChannelsLast = (x: Tensor): Tensor => x.transpose([0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
