import {readFile} from 'node:fs/promises';
import {extname} from 'node:path';
import {
  config,
  type DType,
  type FilePath,
  isTensor,
  type Nested,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
} from '@keratin/core';
import {checkChoice, checkOptions, describe, pathText, show, writeAtomic} from '@keratin/core/internal';
import {decodePicture} from './decode.js';
import {encodePicture, type PictureFormat} from './encode.js';
import {type ColorMode, Picture, recolored} from './picture.js';
import {type Filter, FILTERS, resized} from './resample.js';

/** Where channels are in an array of a picture. */
export type DataFormat = 'channels_last' | 'channels_first';

/** Options of {@link loadImg}. */
export interface LoadImgOptions {
  /** Default `'rgb'`. */
  colorMode?: ColorMode | undefined;
  /** [height, width] of the result. Default: as the file has it. */
  targetSize?: readonly [height: number, width: number] | null | undefined;
  /** How pixels of another size are made, as Pillow makes them. Default `'nearest'`. */
  interpolation?: Filter | undefined;
  /** Cuts from the middle what has the aspect ratio of the target. Default false. */
  keepAspectRatio?: boolean | undefined;
}

const RENAMED = {
  color_mode: 'colorMode',
  target_size: 'targetSize',
  keep_aspect_ratio: 'keepAspectRatio',
  data_format: 'dataFormat',
  file_format: 'fileFormat',
};

/**
 * A picture from a PNG or JPEG file, or from its bytes.
 *
 * @throws FileFormatError for other formats, damaged files, and pictures of more than 89 million pixels
 *
 * @example
 * const picture = await utils.loadImg('cat.png', {targetSize: [224, 224], interpolation: 'bilinear'});
 * const x = utils.imgToArray(picture); // (224, 224, 3)
 */
export async function loadImg(path: FilePath | Uint8Array, options: LoadImgOptions = {}): Promise<Picture> {
  const op = 'loadImg';
  checkOptions(op, options, ['colorMode', 'targetSize', 'interpolation', 'keepAspectRatio'], RENAMED);
  const {colorMode = 'rgb', targetSize, interpolation = 'nearest', keepAspectRatio = false} = options;
  checkChoice(op, 'colorMode', colorMode, ['grayscale', 'rgb', 'rgba']);
  checkChoice(op, 'interpolation', interpolation, FILTERS);
  const size = targetSize === null || targetSize === undefined ? null : checkSize(op, 'targetSize', targetSize);
  if (typeof path !== 'string' && !(path instanceof URL) && !(path instanceof Uint8Array)) {
    throw new ValueError(`${op}: a path, a file URL or bytes are needed, got ${describe(path)}`);
  }
  const [bytes, label] = path instanceof Uint8Array ? [path, op] : [await readFile(path), `${op}: ${pathText(path)}`];
  const picture = recolored(decodePicture(bytes, label), colorMode);
  if (size === null) return picture;
  const [height, width] = size;
  return resized(picture, width, height, interpolation, keepAspectRatio ? middle(picture, height, width) : undefined);
}

/** The largest part in the middle with the aspect ratio of a size. */
function middle(picture: Picture, height: number, width: number) {
  const cutHeight = Math.min(picture.height, Math.floor((picture.width * height) / width));
  const cutWidth = Math.min(picture.width, Math.floor((picture.height * width) / height));
  const top = Math.floor((picture.height - cutHeight) / 2);
  const left = Math.floor((picture.width - cutWidth) / 2);
  return {left, top, right: left + cutWidth, bottom: top + cutHeight};
}

/** [height, width] of a picture. */
export function checkSize(op: string, name: string, size: unknown): readonly [number, number] {
  if (Array.isArray(size) && size.length === 2 && size.every((n) => Number.isInteger(n) && Number(n) > 0)) {
    return size as [number, number];
  }
  throw new ValueError(`${op}: ${name} must be [height, width] of positive integers, got ${describe(size)}`);
}

/** Options of {@link imgToArray}. */
export interface ImgToArrayOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Default `config.floatx()`. */
  dtype?: DType | undefined;
}

/** A picture as a tensor (height, width, channels), or (channels, height, width), with values 0 to 255. */
export function imgToArray(img: Picture, options: ImgToArrayOptions = {}): Tensor {
  const op = 'imgToArray';
  checkOptions(op, options, ['dataFormat', 'dtype'], RENAMED);
  const {dataFormat = 'channels_last', dtype = config.floatx()} = options;
  checkChoice(op, 'dataFormat', dataFormat, ['channels_last', 'channels_first']);
  if (!(img instanceof Picture)) {
    throw new ValueError(`${op}: a picture of loadImg or arrayToImg is needed, got ${describe(img)}`);
  }
  const pixels = tensor(img.data, {shape: [img.height, img.width, img.channels]}).cast(dtype) as Tensor;
  return dataFormat === 'channels_last' ? pixels : ops.transpose(pixels, [2, 0, 1]);
}

/** Options of {@link arrayToImg}. */
export interface ArrayToImgOptions {
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Moves and scales the values so that the smallest is 0 and the largest 255. Default true. */
  scale?: boolean | undefined;
}

/**
 * A picture of an array (height, width, channels) with one, three or four channels.
 *
 * @throws ShapeError for other shapes, ValueError for values outside of 0 to 255 without `scale`
 */
export function arrayToImg(x: Tensor | Nested<number>, options: ArrayToImgOptions = {}): Picture {
  const op = 'arrayToImg';
  checkOptions(op, options, ['dataFormat', 'scale'], RENAMED);
  return pictureOf(op, x, options);
}

const MODES: Readonly<Record<number, ColorMode>> = {1: 'grayscale', 3: 'rgb', 4: 'rgba'};

function pictureOf(op: string, x: Tensor | Nested<number>, options: ArrayToImgOptions): Picture {
  const {dataFormat = 'channels_last', scale = true} = options;
  checkChoice(op, 'dataFormat', dataFormat, ['channels_last', 'channels_first']);
  const given = isTensor(x) ? x : tensor(x);
  if (given.ndim !== 3) {
    throw new ShapeError(`${op}: an array of rank 3 (a single picture) is needed, got shape ${show(given.shape)}`);
  }
  const pixels = dataFormat === 'channels_last' ? given : ops.transpose(given, [1, 2, 0]);
  const [height, width, channels] = [pixels.dim(0), pixels.dim(1), pixels.dim(2)];
  const colorMode = MODES[channels];
  if (colorMode === undefined) {
    throw new ShapeError(`${op}: a picture has 1, 3 or 4 channels, got shape ${show(given.shape)}`);
  }
  const values = Float32Array.from(pixels.cast('float32').data());
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  if (!scale && values.length > 0 && !(low >= 0 && high < 256)) {
    throw new ValueError(
      `${op}: without scale values must be 0 to 255, got ${String(low)} to ${String(high)}; with {scale: true} they are made so`,
    );
  }
  // In float32, one operation after the other, as Keras does.
  const range = Math.fround(high - low);
  const level = (value: number): number => {
    const moved = Math.fround(value - low);
    return Math.fround((range === 0 ? moved : Math.fround(moved / range)) * 255);
  };
  return new Picture(width, height, colorMode, Uint8Array.from(values, scale ? level : (value) => value));
}

/** Options of {@link saveImg}. */
export interface SaveImgOptions extends ArrayToImgOptions {
  /** `'png'` or `'jpeg'`. Default: by the ending of the path. */
  fileFormat?: PictureFormat | undefined;
  /** Of a JPEG, 1 to 100. Default 75, as Pillow's. */
  quality?: number | undefined;
}

/**
 * Writes an array (height, width, channels), or a picture, as a PNG or JPEG file. JPEG leaves opacity out.
 *
 * @example
 * await utils.saveImg('digit.png', image.expandDims(-1));
 */
export async function saveImg(
  path: FilePath,
  x: Tensor | Nested<number> | Picture,
  options: SaveImgOptions = {},
): Promise<void> {
  const op = 'saveImg';
  checkOptions(op, options, ['dataFormat', 'scale', 'fileFormat', 'quality'], RENAMED);
  const {quality = 75} = options;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new ValueError(`${op}: quality must be an integer from 1 to 100, got ${describe(quality)}`);
  }
  const format = options.fileFormat ?? extname(pathText(path)).slice(1);
  const picture = x instanceof Picture ? x : pictureOf(op, x, options);
  const bytes = encodePicture(op, picture, format, quality);
  await writeAtomic(path, async (file) => {
    await file.writeFile(bytes);
  });
}
