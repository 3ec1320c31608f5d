import {type Config, type Shape, ShapeError, type Tensor} from '@keratin/core';
import {show} from '@keratin/core/internal';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import {type Border, type Borders, bordersOf} from './borders.js';

/** Options of {@link Cropping2D} and {@link Cropping3D}. */
export interface CroppingOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

/** Base of the layers that cut the borders of sequences, images or volumes. */
abstract class Cropping extends Layer {
  static override readonly positional = ['cropping'];
  readonly cropping: readonly Border[];
  readonly dataFormat: DataFormat;
  readonly #first: number;

  constructor(where: string, rank: number, cropping: unknown, options: CroppingOptions, ownOptions: readonly string[]) {
    super(options, ownOptions);
    this.cropping = bordersOf(where, 'cropping', cropping, rank);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.#first = this.dataFormat === 'channels_last' ? 1 : 2;
    this.inputSpec = {ndim: rank + 2};
  }
  override call(x: Tensor): Tensor {
    const shape = this.computeOutputShape(x.shape);
    const index = shape.map((size, axis) => {
      const [before, after] = this.cropping[axis - this.#first] ?? [0, 0];
      if (before === 0 && after === 0) return ':' as const;
      return size === null ? (`${String(before)}:${String(-after)}` as `${number}:${number}`) : span(before, size);
    });
    return x.at(...index);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape.map((size, axis) => {
      const [before, after] = this.cropping[axis - this.#first] ?? [0, 0];
      if (size === null) return null;
      if (before + after > 0 && before + after >= size) {
        throw new ShapeError(
          `${this.path}: cropping ${show([before, after])} leaves nothing of axis ${String(axis)} of inputs ${show(inputShape)}`,
        );
      }
      return size - before - after;
    });
  }
}

const span = (start: number, size: number) => `${String(start)}:${String(start + size)}` as `${number}:${number}`;

/** Takes steps away at the start and at the end: inputs (batch, steps, features). */
export class Cropping1D extends Cropping {
  /** @param cropping a number for both ends, or [start, end]; default 1 */
  constructor(cropping: number | Border = 1, options: LayerOptions = {}) {
    super('Cropping1D', 1, cropping, options, []);
  }
  override getConfig(): Config {
    return {...super.getConfig(), cropping: [...(this.cropping[0] ?? [])]};
  }
}

/** Takes rows and columns of images away. */
export class Cropping2D extends Cropping {
  /** @param cropping a number, [height, width], or [[top, bottom], [left, right]]; default 0 */
  constructor(cropping: Borders<readonly [1, 1]> = 0, options: CroppingOptions = {}) {
    super('Cropping2D', 2, cropping, options, ['dataFormat']);
  }
  override getConfig(): Config {
    return {...super.getConfig(), cropping: this.cropping.map((pair) => [...pair]), data_format: this.dataFormat};
  }
}

/** Takes the borders of volumes away. */
export class Cropping3D extends Cropping {
  /** @param cropping a number, one for each axis, or a pair for each axis; default 1 */
  constructor(cropping: Borders<readonly [1, 1, 1]> = 1, options: CroppingOptions = {}) {
    super('Cropping3D', 3, cropping, options, ['dataFormat']);
  }
  override getConfig(): Config {
    return {...super.getConfig(), cropping: this.cropping.map((pair) => [...pair]), data_format: this.dataFormat};
  }
}
