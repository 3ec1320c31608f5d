import {type Config, ops, type Tensor} from '@keratin/core';
import {checkBoolean, checkChoice, checkCount, checkNumber} from '../../layer/arguments.js';
import {boxesOf, columnsOf, type ImageSize} from './boxes.js';
import {type Content, type ImageData, ImageLayer, type ImageLayerOptions} from './image-layer.js';

const INTERPOLATIONS = ['bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5'] as const;

/** Options of {@link Resizing}. */
export interface ResizingOptions extends ImageLayerOptions {
  /** How new pixels are made of the old ones. Default `'bilinear'`. */
  interpolation?: (typeof INTERPOLATIONS)[number] | undefined;
  /** Cuts from the middle what has the new aspect ratio. Default false. */
  cropToAspectRatio?: boolean | undefined;
  /** Adds a border so that the image has the new aspect ratio. Default false. */
  padToAspectRatio?: boolean | undefined;
  /** What the border is: only `'constant'`. */
  fillMode?: 'constant' | undefined;
  /** The border's value. Default 0. */
  fillValue?: number | undefined;
  /** Whether the kernel widens where the image shrinks. Default false. */
  antialias?: boolean | undefined;
}

/**
 * Images in another size. Integers stay integers, rounded.
 *
 * @typeParam D what goes in and comes out
 */
export class Resizing<D extends ImageData = Tensor> extends ImageLayer<ImageSize, D> {
  static override readonly positional = ['height', 'width'];
  readonly height: number;
  readonly width: number;
  readonly interpolation: (typeof INTERPOLATIONS)[number];
  readonly cropToAspectRatio: boolean;
  readonly padToAspectRatio: boolean;
  readonly fillMode: 'constant';
  readonly fillValue: number;
  readonly antialias: boolean;
  protected override readonly always = true;
  protected override readonly moves = true;
  protected override readonly keepsDtype = true;

  constructor(height: number, width: number, options: ResizingOptions = {}) {
    super(
      options,
      ['interpolation', 'cropToAspectRatio', 'padToAspectRatio', 'fillMode', 'fillValue', 'antialias'],
      false,
    );
    const where = 'Resizing';
    this.height = checkCount(where, 'height', height);
    this.width = checkCount(where, 'width', width);
    this.interpolation = checkChoice(where, 'interpolation', options.interpolation ?? 'bilinear', INTERPOLATIONS);
    this.cropToAspectRatio = checkBoolean(where, 'cropToAspectRatio', options.cropToAspectRatio ?? false);
    this.padToAspectRatio = checkBoolean(where, 'padToAspectRatio', options.padToAspectRatio ?? false);
    this.fillMode = checkChoice(where, 'fillMode', options.fillMode ?? 'constant', ['constant']);
    this.fillValue = checkNumber(where, 'fillValue', options.fillValue ?? 0);
    this.antialias = checkBoolean(where, 'antialias', options.antialias ?? false);
  }
  protected override draw(images: Tensor): ImageSize {
    return {height: images.dim(1), width: images.dim(2)};
  }
  protected override render(images: Tensor, _size: ImageSize, content: Content): Tensor {
    const {cropToAspectRatio, padToAspectRatio, fillMode, fillValue, antialias} = this;
    const interpolation = content === 'masks' ? 'nearest' : this.interpolation;
    const options = {interpolation, cropToAspectRatio, padToAspectRatio, fillMode, fillValue, antialias};
    return ops.image.resize(images, [this.height, this.width], options);
  }
  protected override moveBoxes(corners: Tensor, {height, width}: ImageSize): Tensor {
    const [tall, wide] = [this.height / height, this.width / width];
    const one = this.cropToAspectRatio ? Math.max(tall, wide) : Math.min(tall, wide);
    const keeps = this.cropToAspectRatio || this.padToAspectRatio;
    const [y, x] = keeps ? [one, one] : [tall, wide];
    // The border, or what is cut, is the same on both sides.
    const offset = (size: number, old: number, scale: number) => {
      const space = (size - old * scale) / 2;
      return this.cropToAspectRatio ? -Math.floor(-space) : Math.floor(space);
    };
    const [left, top] = keeps ? [offset(this.width, width, x), offset(this.height, height, y)] : [0, 0];
    return boxesOf(columnsOf(corners).map((c, i) => (i % 2 === 0 ? c.mul(x).add(left) : c.mul(y).add(top))));
  }
  protected override outputSize(): readonly [number, number] {
    return [this.height, this.width];
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      height: this.height,
      width: this.width,
      interpolation: this.interpolation,
      crop_to_aspect_ratio: this.cropToAspectRatio,
      pad_to_aspect_ratio: this.padToAspectRatio,
      fill_mode: this.fillMode,
      fill_value: this.fillValue,
      antialias: this.antialias,
    };
  }
}
