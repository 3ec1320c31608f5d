import {type Config, ops, type Tensor} from '@keratin/core';
import {checkCount} from '../../layer/arguments.js';
import {type BoundingBoxes, type ImageData, ImageLayer, type ImageLayerOptions} from './image-layer.js';

/** Options of {@link MaxNumBoundingBoxes}. */
export interface MaxNumBoundingBoxesOptions extends ImageLayerOptions {
  /** What boxes and labels hold where there is no box. Default -1. */
  fillValue?: number | undefined;
}

/**
 * Gives each image the same number of bounding boxes: what is more is cut off, what is less is filled up.
 *
 * @typeParam D what goes in and comes out
 */
export class MaxNumBoundingBoxes<D extends ImageData = Tensor> extends ImageLayer<true, D> {
  static override readonly positional = ['maxNumber'];
  readonly maxNumber: number;
  readonly fillValue: number;
  protected override readonly always = true;

  /** @param maxNumber boxes of each image */
  constructor(maxNumber: number, options: MaxNumBoundingBoxesOptions = {}) {
    super(options, ['fillValue'], false);
    this.maxNumber = checkCount('MaxNumBoundingBoxes', 'maxNumber', maxNumber);
    this.fillValue = Math.trunc(options.fillValue ?? -1);
  }
  protected override draw(): true {
    return true;
  }
  protected override render(images: Tensor): Tensor {
    return images;
  }
  protected override finishBoxes({boxes, labels}: BoundingBoxes): BoundingBoxes {
    const missing = Math.max(this.maxNumber - boxes.dim(1), 0);
    const sized = (x: Tensor): Tensor => {
      const widths = x.shape.map((_, axis) => [0, axis === 1 ? missing : 0] as const);
      return ops.pad(x.at(':', `:${this.maxNumber}`), widths, {constantValues: this.fillValue});
    };
    return {boxes: sized(boxes), labels: sized(labels)};
  }
  override getConfig(): Config {
    return {...super.getConfig(), max_number: this.maxNumber};
  }
}
