import {readFile} from 'node:fs/promises';
import {type FilePath, ops, type Tensor, tensor, ValueError} from '@keratin/core';
import {checkChoice, checkOptions} from '@keratin/core/internal';
import {decodePicture} from '../images/decode.js';
import {checkSize, type DataFormat} from '../images/image-utils.js';
import {type ColorMode, recolored} from '../images/picture.js';
import {folderDatasets, type FromFolder, fromFolder} from './folder-dataset.js';
import {FOLDER_KEYS, FOLDER_RENAMED, type FolderOptions, indexFolder} from './index-folder.js';

const INTERPOLATIONS = ['bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5'] as const;

/** Options of {@link imageDatasetFromDirectory}. */
export interface ImageDatasetOptions extends FolderOptions {
  /** Default `'rgb'`. */
  colorMode?: ColorMode | undefined;
  /** [height, width], or one number for both. Default 256. */
  imageSize?: number | readonly [height: number, width: number] | undefined;
  /** How pictures are resized. Default `'bilinear'`. */
  interpolation?: (typeof INTERPOLATIONS)[number] | undefined;
  /** Cuts from the middle what has the aspect ratio of `imageSize`. Default false. */
  cropToAspectRatio?: boolean | undefined;
  /** Adds borders of zeros to the aspect ratio of `imageSize`. Default false. */
  padToAspectRatio?: boolean | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
}

const ENDINGS = ['.bmp', '.gif', '.jpeg', '.jpg', '.png'];

/**
 * Pictures (PNG and JPEG) of a folder, in which each class has a folder of its own: batches `[images, labels]`, images as float32
 * (n, height, width, channels) with values 0 to 255.
 *
 * @throws ValueError for options that do not fit, and folders without pictures
 *
 * @example
 * const [train, validation] = await utils.imageDatasetFromDirectory('flowers', {
 *   validationSplit: 0.2, subset: 'both', seed: 1, imageSize: [180, 180],
 * });
 * console.log(train.classNames);
 */
export async function imageDatasetFromDirectory<const O extends ImageDatasetOptions = ImageDatasetOptions>(
  directory: FilePath,
  options?: O,
): Promise<FromFolder<Tensor, O>> {
  const op = 'imageDatasetFromDirectory';
  const given: ImageDatasetOptions = options ?? {};
  const keys = ['colorMode', 'imageSize', 'interpolation', 'cropToAspectRatio', 'padToAspectRatio', 'dataFormat'];
  checkOptions(op, given, [...FOLDER_KEYS, ...keys], {
    ...FOLDER_RENAMED,
    color_mode: 'colorMode',
    image_size: 'imageSize',
    crop_to_aspect_ratio: 'cropToAspectRatio',
    pad_to_aspect_ratio: 'padToAspectRatio',
    data_format: 'dataFormat',
  });
  const {colorMode = 'rgb', imageSize = 256, interpolation = 'bilinear', dataFormat = 'channels_last'} = given;
  const {cropToAspectRatio = false, padToAspectRatio = false} = given;
  checkChoice(op, 'colorMode', colorMode, ['grayscale', 'rgb', 'rgba']);
  checkChoice(op, 'interpolation', interpolation, INTERPOLATIONS);
  checkChoice(op, 'dataFormat', dataFormat, ['channels_last', 'channels_first']);
  if (cropToAspectRatio && padToAspectRatio) {
    throw new ValueError(`${op}: one of cropToAspectRatio and padToAspectRatio can be true, got both`);
  }
  const size = checkSize(op, 'imageSize', typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize);
  const resize = {interpolation, cropToAspectRatio, padToAspectRatio};
  const load = async (path: string): Promise<Tensor> => {
    const picture = recolored(decodePicture(await readFile(path), path), colorMode);
    const pixels = tensor(picture.data, {shape: [picture.height, picture.width, picture.channels]});
    const image = ops.image.resize(pixels.cast('float32'), size, resize);
    return dataFormat === 'channels_last' ? image : ops.transpose(image, [2, 0, 1]);
  };
  const index = await indexFolder(op, directory, given, ENDINGS);
  return fromFolder(folderDatasets(index, given, load), given) as FromFolder<Tensor, O>;
}
