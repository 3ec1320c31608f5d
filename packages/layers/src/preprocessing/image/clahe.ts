import {type Config, ops, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {checkNumber} from '../../layer/arguments.js';
import {type FixedColorOptions} from './auto-contrast.js';
import {ColorLayer, ranged} from './color-layer.js';
import {type ImageData, sizesOf} from './image-layer.js';

/** Options of {@link ContrastLimitedAdaptiveHistogramEqualization}. */
export interface CLAHEOptions extends FixedColorOptions {
  /** How many times more frequent than the mean a value may count; 0 for any. Default 4. */
  clipLimit?: number | undefined;
  /** How many tiles there are: [rows, columns]. Default [8, 8]. */
  tileGridSize?: readonly [number, number] | undefined;
}

const VALUES = 256;

/**
 * Equalizes each tile of each channel, with frequencies cut at a limit, and goes over smoothly from tile to tile (Zuiderveld, 1994).
 *
 * @typeParam D what goes in and comes out
 */
export class ContrastLimitedAdaptiveHistogramEqualization<D extends ImageData = Tensor> extends ColorLayer<true, D> {
  readonly clipLimit: number;
  readonly tileGridSize: readonly [number, number];
  protected override readonly always = true;

  constructor(options: CLAHEOptions = {}) {
    super(options, ['clipLimit', 'tileGridSize'], false);
    const where = 'ContrastLimitedAdaptiveHistogramEqualization';
    const {tileGridSize = [8, 8]} = options;
    this.clipLimit = checkNumber(where, 'clipLimit', options.clipLimit ?? 4, 0);
    const list: readonly number[] = tileGridSize;
    if (list.length !== 2 || !list.every((n) => Number.isInteger(n) && n > 0)) {
      throw new ValueError(`${where}: tileGridSize must be two positive integers, got ${describe(tileGridSize)}`);
    }
    this.tileGridSize = tileGridSize;
  }
  protected override draw(): true {
    return true;
  }
  protected override render(images: Tensor): Tensor {
    const scaled = ranged(ops.cast(images, 'float32'), this.valueRange, [0, 255]);
    return this.like(ranged(this.#equalized(scaled), [0, 255], this.valueRange), images);
  }

  #equalized(images: Tensor): Tensor {
    const [n, height, width, c] = sizesOf(images);
    const [rows, columns] = this.tileGridSize;
    const [h, w] = [Math.ceil(height / rows), Math.ceil(width / columns)];
    const borders = [
      [0, 0],
      [0, h * rows - height],
      [0, w * columns - width],
      [0, 0],
    ] as const;
    const padded = ops.pad(images, borders, {mode: 'symmetric'});
    const pixels = ops.clip(ops.cast(padded, 'int32'), 0, VALUES - 1);
    const tables = this.#tables(pixels.reshape([n, rows, h, columns, w, c]), h * w);
    // The outer tiles once more on each side: (n, rows + 2, columns + 2, c, values).
    const around = [1, 2].reduce(doubledEdges, tables).reshape([-1]);
    const [y, x] = [steps(h, rows), steps(w, columns)];
    const start = (count: number, stride: number, shape: readonly number[]) =>
      ops.arange(count).mul(stride).reshape(shape);
    const strideY = (columns + 2) * c * VALUES;
    const base = pixels.add(start(n, (rows + 2) * strideY, [n, 1, 1, 1])).add(start(c, VALUES, [1, 1, 1, c]));
    const value = (row: Tensor, column: Tensor): Tensor => {
      const place = base
        .add(row.mul(strideY).reshape([1, -1, 1, 1]))
        .add(column.mul(c * VALUES).reshape([1, 1, -1, 1]));
      return ops.take(around, place);
    };
    const mix = (a: Tensor, b: Tensor, share: Tensor) => a.mul(share.neg().add(1)).add(b.mul(share));
    const [down, right] = [y.share.reshape([1, -1, 1, 1]), x.share.reshape([1, 1, -1, 1])];
    const top = mix(value(y.low, x.low), value(y.low, x.high), right);
    const bottom = mix(value(y.high, x.low), value(y.high, x.high), right);
    return mix(top, bottom, down).at(':', `:${height}`, `:${width}`);
  }

  /** For each tile and channel what each value becomes: (n, rows, columns, c, values). */
  #tables(tiles: Tensor, size: number): Tensor {
    const lists = tiles.transpose([0, 1, 3, 5, 2, 4]);
    const shape = sizesOf(lists).slice(0, 4);
    const flat = lists.reshape([-1, size]);
    const count = flat.dim(0);
    const places = flat.add(ops.arange(count).mul(VALUES).reshape([-1, 1]));
    const found = ops
      .scatter(places.reshape([-1, 1]), ops.ones([count * size]), [count * VALUES])
      .reshape([count, VALUES]);
    const limited = this.clipLimit > 0 ? limit(found, (this.clipLimit * size) / VALUES) : found;
    const sums = ops.cumsum(limited, {axis: 1});
    const least = ops.min(sums, {axis: 1, keepdims: true});
    const space = least.neg().add(size);
    const table = sums
      .sub(least)
      .mul(255)
      .div(ops.where(space.equal(0), 1, space));
    return ops.clip(table, 0, 255).reshape([...shape, VALUES]);
  }

  override getConfig(): Config {
    return {...super.getConfig(), clip_limit: this.clipLimit, tile_grid_size: this.tileGridSize};
  }
}

/** The first and last entry of an axis twice. */
const doubledEdges = (x: Tensor, axis: number): Tensor =>
  ops.concatenate([ops.take(x, [0], axis), x, ops.take(x, [x.dim(axis) - 1], axis)], axis);

/** Counts cut at the limit; what is cut off is spread over all values. */
function limit(counts: Tensor, most: number): Tensor {
  const cut = ops.clip(counts, 0, most);
  return cut.add(ops.sum(counts.sub(cut), {axis: 1, keepdims: true}).div(VALUES));
}

/** For each pixel along an axis the tiles around it, and how near the second is. */
function steps(size: number, tiles: number): {low: Tensor; high: Tensor; share: Tensor} {
  const at = ops
    .cast(ops.arange(size * tiles), 'float32')
    .sub(size / 2)
    .div(size)
    .add(1);
  const low = ops.floor(at);
  const bounded = (x: Tensor) => ops.cast(ops.clip(x, 0, tiles + 1), 'int32');
  return {low: bounded(low), high: bounded(low.add(1)), share: at.sub(low)};
}
