import {type Config, ops, type SeedGenerator, type Tensor, ValueError} from '@keratin/core';
import {checkChoice, checkNumber} from '../../layer/arguments.js';
import {around, type ImageSize} from './boxes.js';
import {type Content, type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';

/** Options of layers that move pixels. */
export interface WarpLayerOptions extends RandomImageOptions {
  /** What is beyond the borders. Default `'reflect'`. */
  fillMode?: 'reflect' | 'wrap' | 'constant' | 'nearest' | undefined;
  /** Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /** With `'constant'`: the value beyond the borders. Default 0. */
  fillValue?: number | undefined;
}

const MODES = ['reflect', 'wrap', 'constant', 'nearest'] as const;

/**
 * Base of layers that show each image through an affine transform.
 *
 * @typeParam D what goes in and comes out
 */
export abstract class AffineLayer<D extends ImageData = Tensor> extends ImageLayer<Tensor, D> {
  readonly fillMode: (typeof MODES)[number];
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillValue: number;
  protected override readonly moves = true;

  constructor(options: WarpLayerOptions, ownOptions: readonly string[] = []) {
    super(options, ['fillMode', 'interpolation', 'fillValue', ...ownOptions]);
    const where = new.target.name;
    this.fillMode = checkChoice(where, 'fillMode', options.fillMode ?? 'reflect', MODES);
    this.interpolation = checkChoice(where, 'interpolation', options.interpolation ?? 'bilinear', [
      'nearest',
      'bilinear',
    ]);
    this.fillValue = checkNumber(where, 'fillValue', options.fillValue ?? 0);
  }

  /** For each image [a0, a1, a2, b0, b1, b2, 0, 0]: output pixel (x, y) shows (a0 x + a1 y + a2, b0 x + b1 y + b2). */
  protected abstract transforms(count: number, size: ImageSize, seed: SeedGenerator): Tensor;

  protected override draw(images: Tensor, seed: SeedGenerator): Tensor {
    return this.transforms(images.dim(0), {height: images.dim(1), width: images.dim(2)}, seed);
  }

  protected override render(images: Tensor, transforms: Tensor, content: Content): Tensor {
    return ops.image.affineTransform(images, transforms, {
      interpolation: content === 'masks' ? 'nearest' : this.interpolation,
      fillMode: this.fillMode,
      fillValue: this.fillValue,
    });
  }

  // Boxes go where the pixels go: through the inverse.
  protected override moveBoxes(corners: Tensor, transforms: Tensor): Tensor {
    const [a0, a1, a2, b0, b1, b2] = [0, 1, 2, 3, 4, 5].map((i) => transforms.at(':', i).reshape([-1, 1, 1]));
    if (a0 === undefined || a1 === undefined || a2 === undefined) throw new ValueError('internal: no transform');
    if (b0 === undefined || b1 === undefined || b2 === undefined) throw new ValueError('internal: no transform');
    const scale = a0.mul(b1).sub(a1.mul(b0));
    return around(corners, (x, y) => {
      const [dx, dy] = [x.sub(a2), y.sub(b2)];
      return [b1.mul(dx).sub(a1.mul(dy)).div(scale), a0.mul(dy).sub(b0.mul(dx)).div(scale)];
    });
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      fill_mode: this.fillMode,
      interpolation: this.interpolation,
      seed: this.seed,
      fill_value: this.fillValue,
    };
  }
}

/** Rows of eight numbers for each image; numbers stand for all images. */
export function matrixOf(count: number, columns: readonly (Tensor | number)[]): Tensor {
  const zero = ops.zeros([count]);
  return ops.stack(
    [...columns, 0, 0].map((column) => (typeof column === 'number' ? zero.add(column) : column)),
    1,
  );
}
