import {ops, type Tensor} from '@keratin/core';
import {ColorLayer, ranged} from './color-layer.js';
import {type ImageData, type ImageLayerOptions} from './image-layer.js';

/** Options of layers without chance that change colours. */
export interface FixedColorOptions extends ImageLayerOptions {
  /** The least and greatest value of pixels. Default [0, 255]. */
  valueRange?: readonly [number, number] | undefined;
}

/**
 * Stretches the values of each channel of an image over the whole value range.
 *
 * @typeParam D what goes in and comes out
 */
export class AutoContrast<D extends ImageData = Tensor> extends ColorLayer<true, D> {
  protected override readonly always = true;

  constructor(options: FixedColorOptions = {}) {
    super(options, [], false);
  }
  protected override draw(): true {
    return true;
  }
  protected override render(images: Tensor): Tensor {
    const x = ranged(images, this.valueRange, [0, 255]);
    const low = ops.min(x, {axis: [1, 2], keepdims: true});
    const high = ops.max(x, {axis: [1, 2], keepdims: true});
    // Channels of one value have no contrast.
    const flat = high.equal(low);
    const scale = ops.divide(255, ops.where(flat, 1, high.sub(low)));
    const stretched = ranged(ops.clip(x.mul(scale).sub(low.mul(scale)), 0, 255), [0, 255], this.valueRange);
    return ops.where(flat, images, stretched);
  }
}
