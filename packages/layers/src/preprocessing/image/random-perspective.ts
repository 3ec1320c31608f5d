import {type Config, ops, type SeedGenerator, tensor, type Tensor} from '@keratin/core';
import {checkChoice, checkNumber} from '../../layer/arguments.js';
import {around, type ImageSize} from './boxes.js';
import {type Content, type ImageData, ImageLayer, type RandomImageOptions} from './image-layer.js';
import {type Factor, factorOption, type Range} from './options.js';

/** Options of {@link RandomPerspective}. */
export interface RandomPerspectiveOptions extends RandomImageOptions {
  /** How likely an image changes: a range that the probability is drawn from, or x for [0, x]. Default 1. */
  factor?: Factor | undefined;
  /** How far corners move, from 0 to 1. Default 1. */
  scale?: number | undefined;
  /** Default `'bilinear'`. */
  interpolation?: 'nearest' | 'bilinear' | undefined;
  /** The value beyond the borders. Default 0. */
  fillValue?: number | undefined;
}

interface View {
  readonly chosen: Tensor<boolean>;
  readonly start: Tensor;
  readonly end: Tensor;
}

/**
 * Shows some images in a random perspective.
 *
 * @typeParam D what goes in and comes out
 */
export class RandomPerspective<D extends ImageData = Tensor> extends ImageLayer<View, D> {
  readonly factor: Range;
  readonly scale: number;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillValue: number;
  protected override readonly moves = true;

  constructor(options: RandomPerspectiveOptions = {}) {
    super(options, ['factor', 'scale', 'interpolation', 'fillValue']);
    const where = 'RandomPerspective';
    this.factor = factorOption(where, 'factor', options.factor ?? 1, [0, 1]);
    this.scale = checkNumber(where, 'scale', options.scale ?? 1, 0, 1);
    this.interpolation = checkChoice(where, 'interpolation', options.interpolation ?? 'bilinear', [
      'nearest',
      'bilinear',
    ]);
    this.fillValue = checkNumber(where, 'fillValue', options.fillValue ?? 0);
  }
  protected override draw(images: Tensor, seed: SeedGenerator): View {
    const [n, right, bottom] = [images.dim(0), images.dim(2) - 1, images.dim(1) - 1];
    const chosen = this.chosen(n, this.factor, seed);
    const corners = tensor([
      [0, 0],
      [right, 0],
      [0, bottom],
      [right, bottom],
    ]);
    const start = corners.broadcastTo([n, 4, 2]);
    const part = this.uniform([n, 4, 2], [-0.5 * this.scale, 0.5 * this.scale], seed);
    return {chosen, start, end: start.add(start.mul(part))};
  }
  protected override render(images: Tensor, {chosen, start, end}: View, content: Content): Tensor {
    const interpolation = content === 'masks' ? 'nearest' : this.interpolation;
    const seen = ops.image.perspectiveTransform(images, start, end, {interpolation, fillValue: this.fillValue});
    return ops.where(chosen, seen, images);
  }
  protected override moveBoxes(corners: Tensor, {chosen, start, end}: View, _size: ImageSize): Tensor {
    const matrix = projection(start, end);
    const at = (i: number) => matrix.at(':', i).reshape([-1, 1, 1]);
    const moved = around(corners, (x, y) => {
      const row = (i: number) =>
        x
          .mul(at(i))
          .add(y.mul(at(i + 1)))
          .add(i === 6 ? 1 : at(i + 2));
      return [row(0).div(row(6)), row(3).div(row(6))];
    });
    return ops.where(chosen.squeeze(-1), moved, corners);
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      factor: this.factor,
      scale: this.scale,
      interpolation: this.interpolation,
      fill_value: this.fillValue,
      seed: this.seed,
    };
  }
}

/** The numbers (n, 8) of the projection that takes the four start points (n, 4, 2) to the end points. */
function projection(start: Tensor, end: Tensor): Tensor {
  const [x, y] = [start.at('...', 0), start.at('...', 1)];
  const [u, v] = [end.at('...', 0), end.at('...', 1)];
  const [one, zero] = [ops.onesLike(x), ops.zerosLike(x)];
  const first = ops.stack([x, y, one, zero, zero, zero, x.mul(u).neg(), y.mul(u).neg()], -1);
  const second = ops.stack([zero, zero, zero, x, y, one, x.mul(v).neg(), y.mul(v).neg()], -1);
  const right = ops.concatenate([u, v], 1).expandDims(-1);
  return ops.solve(ops.concatenate([first, second], 1), right).squeeze(-1);
}
