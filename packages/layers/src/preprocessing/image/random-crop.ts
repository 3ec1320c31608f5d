import {type Config, ops, random, type SeedGenerator, type Tensor} from '@keratin/core';
import {drawSeed} from '@keratin/core/internal';
import {checkCount} from '../../layer/arguments.js';
import {type ImageSize} from './boxes.js';
import {inPart, middle, part} from './crops.js';
import {type Content, type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';

interface Crop extends ImageSize {
  readonly top: Tensor | number;
  readonly left: Tensor | number;
}

/**
 * While training, a random part of images, the same for a whole batch. Of images that are not larger the middle with the same aspect ratio
 * is resized.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomCrop<D extends ImageData = Tensor> extends ImageLayer<Crop, D> {
  static override readonly positional = ['height', 'width'];
  readonly height: number;
  readonly width: number;
  protected override readonly moves = true;

  constructor(height: number, width: number, options: RandomImageOptions = {}) {
    super({...options, seed: options.seed ?? drawSeed() % 1_000_000_000}, ['height', 'width']);
    this.height = checkCount('RandomCrop', 'height', height);
    this.width = checkCount('RandomCrop', 'width', width);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): Crop {
    const [height, width] = [images.dim(1), images.dim(2)];
    if (height <= this.height || width <= this.width) return middle({height, width}, this);
    const start = (space: number) => random.randint([], 0, space + 1, {seed});
    return {
      height: this.height,
      width: this.width,
      top: start(height - this.height),
      left: start(width - this.width),
    };
  }
  protected override render(images: Tensor, {top, left, height, width}: Crop, content: Content): Tensor {
    const cut =
      typeof top === 'number' || typeof left === 'number'
        ? part(images, Number(top), Number(left), {height, width})
        : ops.take(
            ops.take(images, ops.arange(height).add(ops.cast(top, 'int32')), 1),
            ops.arange(width).add(ops.cast(left, 'int32')),
            2,
          );
    if (height === this.height && width === this.width) return cut;
    const interpolation = content === 'masks' ? 'nearest' : 'bilinear';
    return ops.image.resize(cut, [this.height, this.width], {interpolation});
  }
  protected override moveBoxes(corners: Tensor, {top, left, height, width}: Crop): Tensor {
    return inPart(corners, top, left, {height: this.height / height, width: this.width / width});
  }
  protected override outputSize(): readonly [number, number] {
    return [this.height, this.width];
  }
  override getConfig(): Config {
    return {...super.getConfig(), height: this.height, width: this.width, seed: this.seed};
  }
}
