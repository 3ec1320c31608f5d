import {type Config, ops, type Tensor} from '@keratin/core';
import {checkCount} from '../../layer/arguments.js';
import {type FixedColorOptions} from './auto-contrast.js';
import {ColorLayer, ranged} from './color-layer.js';
import {type ImageData, sizesOf} from './image-layer.js';

/** Options of {@link Equalization}. */
export interface EqualizationOptions extends FixedColorOptions {
  /** How many values are told apart. Default 256. */
  bins?: number | undefined;
}

/**
 * Spreads the values of each channel so that all are about equally frequent, over a whole batch together as Keras does.
 *
 * @typeParam D what goes in and comes out
 */
export class Equalization<D extends ImageData = Tensor> extends ColorLayer<true, D> {
  readonly bins: number;

  constructor(options: EqualizationOptions = {}) {
    super(options, ['bins'], false);
    this.bins = checkCount('Equalization', 'bins', options.bins ?? 256);
  }
  protected override draw(): true {
    return true;
  }
  protected override render(images: Tensor): Tensor {
    const channels = sizesOf(images)[3];
    const x = ranged(images, this.valueRange, [0, 255]);
    const flat = x.reshape([-1, channels]).transpose();
    const last = this.bins - 1;
    const places = ops.cast(ops.clip(flat.div(255).mul(last), 0, last), 'int32');
    // One list of counts for each channel.
    const starts = ops.arange(channels).mul(this.bins).reshape([-1, 1]);
    const indices = places.add(starts);
    const ones = ops.ones([flat.size]);
    const counts = ops.scatter(indices.reshape([-1, 1]), ones, [channels * this.bins]).reshape([channels, this.bins]);
    const sums = ops.cumsum(counts, {axis: 1});
    const total = sums.at(':', '-1:');
    const least = ops.min(ops.where(sums.greater(0), sums, total), {axis: 1, keepdims: true});
    const space = total.sub(least);
    const table = ops.clip(
      ops.round(
        sums
          .sub(least)
          .mul(255)
          .div(ops.where(space.equal(0), 1, space)),
      ),
      0,
      255,
    );
    const found = this.like(ops.take(table.reshape([-1]), indices), images);
    // A channel of one value stays.
    const done = ops.where(space.equal(0), flat, found);
    return ranged(done.transpose().reshape([...sizesOf(images)]), [0, 255], this.valueRange);
  }
  override getConfig(): Config {
    return {...super.getConfig(), bins: this.bins};
  }
}
