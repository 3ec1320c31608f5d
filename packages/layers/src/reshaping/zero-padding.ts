import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {type Border, type Borders, bordersOf} from './borders.js';

/** Options of the zero padding layers. */
export interface ZeroPaddingOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

/** Base of the layers that put zeros around sequences, images or volumes. */
abstract class ZeroPadding extends Layer {
  static override readonly positional = ['padding'];
  readonly padding: readonly Border[];
  readonly dataFormat: DataFormat;
  readonly #first: number;

  constructor(where: string, rank: number, padding: unknown, options: ZeroPaddingOptions) {
    super(options, ['dataFormat']);
    this.padding = bordersOf(where, 'padding', padding, rank);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.#first = this.dataFormat === 'channels_last' ? 1 : 2;
    this.inputSpec = {ndim: rank + 2};
  }
  override call(x: Tensor): Tensor {
    return ops.pad(
      x,
      x.shape.map((_, axis) => this.padding[axis - this.#first] ?? [0, 0]),
    );
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape.map((size, axis) => {
      const [before, after] = this.padding[axis - this.#first] ?? [0, 0];
      return size === null ? null : size + before + after;
    });
  }
  override getConfig(): Config {
    const pairs = this.padding.map((pair) => [...pair]);
    return {
      ...super.getConfig(),
      padding: pairs.length === 1 ? (pairs[0] ?? []) : pairs,
      data_format: this.dataFormat,
    };
  }
}

/** Zeros before and after sequences (batch, steps, features). */
export class ZeroPadding1D extends ZeroPadding {
  /** @param padding a number for both ends, or [start, end]; default 1 */
  constructor(padding: number | Border = 1, options: ZeroPaddingOptions = {}) {
    super('ZeroPadding1D', 1, padding, options);
  }
}

/** Zeros around images. */
export class ZeroPadding2D extends ZeroPadding {
  /** @param padding a number, [height, width], or [[top, bottom], [left, right]]; default 1 */
  constructor(padding: Borders<readonly [1, 1]> = 1, options: ZeroPaddingOptions = {}) {
    super('ZeroPadding2D', 2, padding, options);
  }
}

/** Zeros around volumes. */
export class ZeroPadding3D extends ZeroPadding {
  /** @param padding a number, one for each axis, or a pair for each axis; default 1 */
  constructor(padding: Borders<readonly [1, 1, 1]> = 1, options: ZeroPaddingOptions = {}) {
    super('ZeroPadding3D', 3, padding, options);
  }
}
