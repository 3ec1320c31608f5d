import {
  type Config,
  type DType,
  type Element,
  isTensor,
  ops,
  random,
  SeedGenerator,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {concrete, describe, isFloating, isSymbolic, show, symbolicTensor} from '@keratin/core/internal';
import {checkChoice} from '../../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../../layer/data-format.js';
import {Layer} from '../../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../../layer/types.js';
import {stack, trainingAsked} from '../../layer/weighted.js';
import {seedOption} from '../../regularization/seed-option.js';
import {areas, BOX_FORMATS, type BoxFormat, clipped, fromCorners, type ImageSize, toCorners} from './boxes.js';
import {type Range} from './options.js';

/** Boxes of images: (k, 4) of one image or (n, k, 4) of a batch, and their labels (k) or (n, k); label -1 is no box. */
export interface BoundingBoxes {
  readonly boxes: Tensor;
  readonly labels: Tensor;
}

/** Images with what belongs to them, all transformed alike. */
export interface ImageBatch {
  readonly images: Tensor;
  readonly labels?: Tensor;
  readonly boundingBoxes?: BoundingBoxes;
  readonly segmentationMasks?: Tensor;
}

/** What image layers take and give. */
export type ImageData = Tensor | ImageBatch;

/** Options of all layers for images. */
export interface ImageLayerOptions extends LayerOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** How bounding boxes are written; needed where inputs have them. */
  boundingBoxFormat?: BoxFormat | undefined;
}

/** Options of layers that draw random numbers. */
export interface RandomImageOptions extends ImageLayerOptions {
  /** An integer makes the sequence of transformations reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** How interpolation asks for pixels: masks take the nearest. */
export type Content = 'images' | 'masks';

/** What a layer has drawn, for images, masks and boxes alike. */
export interface Change {
  readonly render: (images: Tensor, content: Content) => Tensor;
  /** Of corners (n, k, 4). */
  readonly moveBoxes: (corners: Tensor, size: ImageSize) => Tensor;
}

const ITEMS = ['images', 'labels', 'boundingBoxes', 'segmentationMasks'];

/**
 * Base of the layers that transform images: one of shape (height, width, channels) or a batch of them, alone or in a dictionary with labels,
 * bounding boxes and segmentation masks, which move along. Random layers transform while training and where they are called alone, each
 * image of a batch in its own way; otherwise they give their inputs.
 *
 * @typeParam T what is drawn for a batch
 * @typeParam D what goes in and comes out
 */
export abstract class ImageLayer<T, D extends ImageData = Tensor> extends Layer<D, D> {
  readonly dataFormat: DataFormat;
  readonly boundingBoxFormat: BoxFormat | null;
  readonly seed: number | null;
  /** Whether the layer works at inference too. */
  protected readonly always: boolean = false;
  /** Whether masks move with the images. */
  protected readonly moves: boolean = false;
  /** Whether integers stay integers. */
  protected readonly keepsDtype: boolean = false;
  readonly #generator: SeedGenerator;

  constructor(options: RandomImageOptions, ownOptions: readonly string[], hasSeed = true) {
    super(options, ['dataFormat', 'boundingBoxFormat', ...(hasSeed ? ['seed'] : []), ...ownOptions]);
    const where = new.target.name;
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    const {boundingBoxFormat: format} = options;
    this.boundingBoxFormat = format === undefined ? null : checkChoice(where, 'boundingBoxFormat', format, BOX_FORMATS);
    this.seed = seedOption(where, options.seed);
    this.#generator = new SeedGenerator(this.seed ?? undefined);
  }

  /** Draws what happens to a batch (n, height, width, channels); null for nothing. */
  protected abstract draw(images: Tensor, seed: SeedGenerator): T | null;
  /** Transforms a batch (n, height, width, channels). */
  protected abstract render(images: Tensor, drawn: T, content: Content): Tensor;
  /** Moves corners (n, k, 4) in pixels. */
  protected moveBoxes(corners: Tensor, _drawn: T, _size: ImageSize): Tensor {
    return corners;
  }
  /** The last word on boxes (n, k, 4) and labels (n, k) in the format of the inputs. */
  protected finishBoxes(boxes: BoundingBoxes, _drawn: T): BoundingBoxes {
    return boxes;
  }
  protected changeLabels(labels: Tensor, _drawn: T): Tensor {
    return labels;
  }
  /** Height and width of the outputs. */
  protected outputSize(height: number | null, width: number | null): readonly [number | null, number | null] {
    return [height, width];
  }

  /** Numbers of a range; all the same where it has one. */
  protected uniform(shape: readonly number[], [minval, maxval]: Range, seed: SeedGenerator): Tensor {
    if (minval === maxval) return ops.full(shape, minval);
    return random.uniform(shape, {minval, maxval, seed});
  }

  /** For each image whether it is transformed: with a probability drawn from a range. */
  protected chosen(count: number, factor: Range, seed: SeedGenerator): Tensor<boolean> {
    const probability = this.uniform([count, 1, 1, 1], factor, seed);
    return this.uniform([count, 1, 1, 1], [0, 1], seed).less(probability);
  }

  /** In the dtype of another tensor. */
  protected like(x: Tensor<Element>, other: Tensor): Tensor {
    return ops.cast(x, other.dtype);
  }

  /** @internal What this layer does to a batch (n, height, width, channels) within another layer. */
  drawnAlone(images: Tensor, seed: SeedGenerator): Change {
    const drawn = this.draw(images, seed);
    return {
      render: (x, content) => {
        if (drawn === null || (content === 'masks' && !this.moves)) return x;
        return this.like(this.render(x, drawn, content), x);
      },
      moveBoxes: (corners, size) => (drawn === null || !this.moves ? corners : this.moveBoxes(corners, drawn, size)),
    };
  }

  override build(_inputShape: unknown): void {
    this.built = true;
  }

  override call(inputs: D, _options: CallOptions): D {
    const data: ImageBatch = isTensor(inputs) ? {images: inputs} : this.#checked(inputs);
    const done = this.transform(data, this.always || (trainingAsked() ?? stack.depth <= 1));
    return (isTensor(inputs) ? done.images : done) as D;
  }

  #checked(inputs: unknown): ImageBatch {
    const odd = Object.keys(inputs as object).find((key) => !ITEMS.includes(key));
    const {images} = inputs as Partial<ImageBatch>;
    if (odd !== undefined || !isTensor(images)) {
      throw new ValueError(
        `${this.path}: inputs are images or a dictionary of ${ITEMS.join(', ')}, got ${odd === undefined ? 'no images' : describe(odd)}`,
      );
    }
    return inputs as ImageBatch;
  }

  /** @internal Transforms images and what belongs to them; `seed` stands for the layer's own. */
  transform(data: ImageBatch, active: boolean, seed: SeedGenerator = this.#generator): ImageBatch {
    const {images} = data;
    if (images.ndim !== 3 && images.ndim !== 4) {
      throw new ShapeError(`${this.path}: images must have rank 3, or 4 for a batch, got inputs ${show(images.shape)}`);
    }
    if (data.boundingBoxes !== undefined && this.boundingBoxFormat === null) {
      throw new ValueError(`${this.path}: boundingBoxFormat must say how the bounding boxes are written`);
    }
    if (isSymbolic(images)) return this.#symbolic(data);
    const single = images.ndim === 3;
    const batch = this.#batch(images, single, true);
    const drawn = active ? this.draw(batch, seed) : null;
    const change = (x: Tensor, content: Content): Tensor => {
      const given = content === 'images' ? batch : this.#batch(x, single, false);
      const result = drawn === null ? given : this.render(given, drawn, content);
      const back = this.dataFormat === 'channels_first' ? result.transpose([0, 3, 1, 2]) : result;
      const kept = back.dtype === given.dtype ? back : this.like(back, given);
      return single ? kept.squeeze(0) : kept;
    };
    const of = <X>(x: X | undefined, fn: (x: X) => X): X | undefined => (x === undefined || drawn === null ? x : fn(x));
    const labels = of(data.labels, (x) => this.#perImage(x, single, (all) => this.changeLabels(all, drawn as T)));
    const size = {height: batch.dim(1), width: batch.dim(2)};
    const boundingBoxes = of(data.boundingBoxes, (x) => this.#boxes(x, drawn as T, size, single));
    const {segmentationMasks: masks} = data;
    const segmentationMasks = masks === undefined || !this.moves ? masks : change(masks, 'masks');
    return {
      images: change(images, 'images'),
      ...(labels === undefined ? {} : {labels}),
      ...(boundingBoxes === undefined ? {} : {boundingBoxes}),
      ...(segmentationMasks === undefined ? {} : {segmentationMasks}),
    };
  }

  #perImage(x: Tensor, single: boolean, fn: (x: Tensor) => Tensor): Tensor {
    return single ? fn(x.expandDims(0)).squeeze(0) : fn(x);
  }

  #boxes({boxes, labels}: BoundingBoxes, drawn: T, size: ImageSize, single: boolean): BoundingBoxes {
    const format = this.boundingBoxFormat ?? 'xyxy';
    if (boxes.ndim !== (single ? 2 : 3) || boxes.shape.at(-1) !== 4 || labels.ndim < boxes.ndim - 1) {
      throw new ShapeError(
        `${this.path}: bounding boxes must be boxes ${single ? '(k,4)' : '(n,k,4)'} with labels, got ${show(boxes.shape)} and ${show(labels.shape)}`,
      );
    }
    const whole = ops.cast(single ? boxes.expandDims(0) : boxes, 'float32');
    const [height, width] = this.outputSize(size.height, size.width);
    const after = {height: height ?? size.height, width: width ?? size.width};
    const corners = clipped(this.moveBoxes(toCorners(whole, format, size), drawn, size), after);
    const lost = areas(corners).lessEqual(0);
    const all = single ? labels.expandDims(0) : labels;
    const flags = all.ndim === lost.ndim ? lost : lost.expandDims(-1);
    const written = {boxes: fromCorners(corners, format, after), labels: ops.where(flags, -1, all)};
    const done = this.finishBoxes(written, drawn);
    return single ? {boxes: done.boxes.squeeze(0), labels: done.labels.squeeze(0)} : done;
  }

  // As (n, height, width, channels).
  #batch(x: Tensor, single: boolean, isImage: boolean): Tensor {
    if (!isImage && x.ndim !== (single ? 3 : 4)) {
      throw new ShapeError(`${this.path}: segmentation masks must have the rank of the images, got ${show(x.shape)}`);
    }
    const dtype: DType = this.computeDtype;
    const keeps = !isImage || (this.keepsDtype && !isFloating(x.dtype));
    const value = keeps || x.dtype === dtype ? x : ops.cast(x, dtype);
    const batch = single ? value.expandDims(0) : value;
    return this.dataFormat === 'channels_first' ? batch.transpose([0, 2, 3, 1]) : batch;
  }

  #symbolic(data: ImageBatch): ImageBatch {
    const sized = (x: Tensor, dtype: DType): Tensor => symbolicTensor({shape: this.outputShape(x.shape), dtype});
    const {images, segmentationMasks: masks} = data;
    const dtype = this.keepsDtype && !isFloating(images.dtype) ? images.dtype : this.computeDtype;
    return {
      ...data,
      images: sized(images, dtype),
      ...(masks === undefined ? {} : {segmentationMasks: sized(masks, masks.dtype)}),
    };
  }

  /** @internal */
  outputShape(shape: Shape): Shape {
    const first = this.dataFormat === 'channels_first' ? shape.length - 2 : shape.length - 3;
    const [height, width] = this.outputSize(shape[first] ?? null, shape[first + 1] ?? null);
    return shape.map((size, axis) => (axis === first ? height : axis === first + 1 ? width : size));
  }

  override computeOutputShape(inputShape: unknown): never {
    return this.outputShape(concreteShape(inputShape)) as never;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      data_format: this.dataFormat,
      ...(this.boundingBoxFormat === null ? {} : {bounding_box_format: this.boundingBoxFormat}),
    };
  }
}

/** The shape of the images of a structure of shapes. */
function concreteShape(shape: unknown): Shape {
  return Array.isArray(shape) ? (shape as Shape) : (shape as {readonly images: Shape}).images;
}

/** Sizes of a batch. */
export const sizesOf = (images: Tensor): readonly [n: number, height: number, width: number, channels: number] =>
  concrete(images.shape) as [number, number, number, number];
