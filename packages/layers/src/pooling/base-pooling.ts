import {type Config, ops, type Shape, ShapeError, type Tensor} from '@keratin/core';
import {perAxis, show} from '@keratin/core/internal';
import {windowOutput} from '../convolution/window.js';
import {checkChoice} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Options of pooling layers; `A` has one number for each spatial axis. */
export interface PoolingOptions<A extends readonly number[]> extends LayerOptions {
  /** Steps of the window. Default: the pool size. */
  strides?: number | A | null | undefined;
  /** `'same'` pads so that stride 1 keeps the size; padding never counts. Default `'valid'`. */
  padding?: 'valid' | 'same' | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

/** Base of the layers that take the maximum or mean of windows. */
export abstract class BasePooling extends Layer {
  static override readonly positional = ['poolSize'];
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'valid' | 'same';
  readonly dataFormat: DataFormat;
  readonly #kind: 'max' | 'average';

  constructor(
    where: string,
    rank: number,
    kind: 'max' | 'average',
    poolSize: number | readonly number[],
    options: PoolingOptions<readonly number[]>,
  ) {
    super(options, ['strides', 'padding', 'dataFormat']);
    this.poolSize = perAxis(where, 'poolSize', poolSize, rank);
    this.strides = perAxis(where, 'strides', options.strides ?? this.poolSize, rank);
    this.padding = checkChoice(where, 'padding', options.padding ?? 'valid', ['valid', 'same']);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.#kind = kind;
    this.inputSpec = {ndim: rank + 2};
    this.buildAtInit();
  }

  override call(x: Tensor): Tensor {
    const pool = this.#kind === 'max' ? ops.maxPool : ops.averagePool;
    const half = x.dtype === 'float16' || x.dtype === 'bfloat16';
    const {strides, padding, dataFormat} = this;
    const y = pool(half ? ops.cast(x, 'float32') : x, this.poolSize, {strides, padding, dataFormat});
    return half ? ops.cast(y, x.dtype) : y;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const first = this.dataFormat === 'channels_last' ? 1 : 2;
    const spatial = this.poolSize.map((window, i) =>
      windowOutput(inputShape[first + i] ?? null, {
        window,
        stride: this.strides[i] ?? 1,
        dilation: 1,
        padding: this.padding,
      }),
    );
    if (spatial.some((n) => n !== null && n <= 0)) {
      throw new ShapeError(
        `${this.path}: a window of ${show(this.poolSize)} does not fit inputs ${show(inputShape)} with padding '${this.padding}'`,
      );
    }
    const [batch = null] = inputShape;
    return first === 1 ? [batch, ...spatial, inputShape.at(-1) ?? null] : [batch, inputShape[1] ?? null, ...spatial];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      pool_size: [...this.poolSize],
      padding: this.padding,
      strides: [...this.strides],
      data_format: this.dataFormat,
    };
  }
}
