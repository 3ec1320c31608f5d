import {type Config, ops, type Tensor} from '@keratin/core';
import {checkCount} from '../../layer/arguments.js';
import {type ImageSize} from './boxes.js';
import {inPart, middle, part} from './crops.js';
import {type Content, type ImageData, ImageLayer, type ImageLayerOptions} from './image-layer.js';

/**
 * The middle of images. Of images that are smaller the middle with the same aspect ratio is resized.
 *
 * @typeParam D what goes in and comes out
 */
export class CenterCrop<D extends ImageData = Tensor> extends ImageLayer<ImageSize, D> {
  static override readonly positional = ['height', 'width'];
  readonly height: number;
  readonly width: number;
  protected override readonly always = true;
  protected override readonly moves = true;

  constructor(height: number, width: number, options: ImageLayerOptions = {}) {
    super(options, [], false);
    this.height = checkCount('CenterCrop', 'height', height);
    this.width = checkCount('CenterCrop', 'width', width);
  }
  protected override draw(images: Tensor): ImageSize {
    return {height: images.dim(1), width: images.dim(2)};
  }
  #part(size: ImageSize): ImageSize & {top: number; left: number} {
    const [down, right] = [size.height - this.height, size.width - this.width];
    if (down < 0 || right < 0) return middle(size, this);
    return {height: this.height, width: this.width, top: Math.floor(down / 2), left: Math.floor(right / 2)};
  }
  protected override render(images: Tensor, size: ImageSize, content: Content): Tensor {
    const crop = this.#part(size);
    const cut = part(images, crop.top, crop.left, crop);
    if (crop.height === this.height && crop.width === this.width) return cut;
    const interpolation = content === 'masks' ? 'nearest' : 'bilinear';
    return ops.image.resize(cut, [this.height, this.width], {interpolation});
  }
  protected override moveBoxes(corners: Tensor, size: ImageSize): Tensor {
    const {top, left, height, width} = this.#part(size);
    return inPart(corners, top, left, {height: this.height / height, width: this.width / width});
  }
  protected override outputSize(): readonly [number, number] {
    return [this.height, this.width];
  }
  override getConfig(): Config {
    return {...super.getConfig(), height: this.height, width: this.width};
  }
}
