import {ShapeError, ValueError} from '../../errors.js';
import {show} from '../../shape.js';
import {checkChoice, checkOptions, describe} from '../../suggest.js';
import {slice as sliceOf} from '../../tensor/indexing/slice.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from '../convert.js';
import {type Padding, perAxis, samePadding} from '../nn.js';
import {concatenate, expandDims, moveaxis, pad, slice, squeeze} from '../shape.js';
import {batchOf, type ImageOptions} from './batch.js';

// Parts of images.

export interface PatchOptions extends ImageOptions {
  /** Steps between patches. Default: the size, so that patches lie side by side. */
  strides?: number | readonly number[] | null | undefined;
  /** Steps between the pixels of a patch. Default 1. */
  dilationRate?: number | readonly number[] | undefined;
  /** `'same'` adds zeros around, so that there is a patch for every step. Default `'valid'`. */
  padding?: Padding | undefined;
}

function patches(
  op: string,
  images: AnyTensorLike,
  size: number | readonly number[],
  rank: 2 | 3,
  options: PatchOptions,
): Tensor {
  checkOptions(op, options, ['strides', 'dilationRate', 'padding', 'dataFormat']);
  checkChoice(op, 'dataFormat', options.dataFormat ?? 'channels_last', ['channels_last', 'channels_first']);
  checkChoice(op, 'padding', options.padding ?? 'valid', ['valid', 'same']);
  const window = perAxis(op, 'size', size, rank);
  const strides = perAxis(op, 'strides', options.strides ?? window, rank);
  const dilation = perAxis(op, 'dilationRate', options.dilationRate ?? 1, rank);
  const given: Tensor = toTensor(images, op);
  if (given.ndim !== rank + 1 && given.ndim !== rank + 2) {
    throw new ShapeError(
      `${op}: rank ${String(rank + 1)} (one) or ${String(rank + 2)} (a batch) is needed, got shape ${show(given.shape)}`,
    );
  }
  const first = options.dataFormat === 'channels_first';
  const many = given.ndim === rank + 2 ? given : expandDims(given, 0);
  const last = first ? moveaxis(many, 1, -1) : many;
  const same = options.padding === 'same';
  const border = window.map((n, i) =>
    same ? samePadding(last.dim(i + 1), n, strides[i] ?? 1, dilation[i] ?? 1) : ([0, 0] as const),
  );
  const x = same ? pad(last, [[0, 0], ...border, [0, 0]]) : last;
  const counts = window.map((n, i) => {
    const span = (n - 1) * (dilation[i] ?? 1) + 1;
    return Math.floor((x.dim(i + 1) - span) / (strides[i] ?? 1)) + 1;
  });
  if (counts.some((n) => n < 1)) {
    throw new ShapeError(`${op}: patches of size ${describe(size)} do not fit into shape ${show(given.shape)}`);
  }
  // One strided part of the image for each pixel of the window; side by side they are the patches.
  const offsets = window.reduce<number[][]>(
    (list, n) => list.flatMap((head) => Array.from({length: n}, (_, i) => [...head, i])),
    [[]],
  );
  const parts = offsets.map((offset) => {
    const ranges = offset.map((at, i) => {
      const [from, step] = [at * (dilation[i] ?? 1), strides[i] ?? 1];
      return sliceOf(from, from + ((counts[i] ?? 1) - 1) * step + 1, step);
    });
    return x.at(':', ...ranges);
  });
  const joined = concatenate(parts, -1);
  const placed = first ? moveaxis(joined, -1, 1) : joined;
  return given.ndim === rank + 2 ? placed : squeeze(placed, 0);
}

/**
 * Patches of images, each flattened into the channels: (n, rows, columns, size size channels).
 * @param size a number, or [height, width]; three numbers are the same as {@link extractPatches3d}
 */
export function extractPatches(
  images: AnyTensorLike,
  size: number | readonly number[],
  options: PatchOptions = {},
): Tensor {
  const deep = Array.isArray(size) && size.length === 3;
  return patches('image.extractPatches', images, size, deep ? 3 : 2, options);
}

/** Patches of volumes (depth, height, width, channels), each flattened into the channels. */
export function extractPatches3d(
  volumes: AnyTensorLike,
  size: number | readonly number[],
  options: PatchOptions = {},
): Tensor {
  return patches('image.extractPatches3d', volumes, size, 3, options);
}

/** Two of the three numbers of an axis: what is before, what is behind, and the size of the result. */
type Edges = readonly [before: number | undefined, behind: number | undefined, target: number | undefined];

function checkEdges(op: string, names: readonly [string, string, string], edges: Edges): void {
  if (edges.filter((n) => n === undefined).length !== 1) {
    const got = names.map((name, i) => `${name} ${describe(edges[i])}`).join(', ');
    throw new ValueError(`${op}: exactly two of ${names.join(', ')} are needed, got ${got}`);
  }
  edges.forEach((n, i) => {
    if (n !== undefined && (!Number.isInteger(n) || n < 0)) {
      throw new ValueError(`${op}: ${String(names[i])} must be an integer of at least 0, got ${describe(n)}`);
    }
  });
}

export interface PadImagesOptions extends ImageOptions {
  topPadding?: number | undefined;
  leftPadding?: number | undefined;
  bottomPadding?: number | undefined;
  rightPadding?: number | undefined;
  /** Height of the result, instead of one of the paddings. */
  targetHeight?: number | undefined;
  /** Width of the result, instead of one of the paddings. */
  targetWidth?: number | undefined;
}

/** Zeros around images: of top, bottom and target height two are given, of left, right and target width as well. */
export function padImages(images: AnyTensorLike, options: PadImagesOptions = {}): Tensor {
  const op = 'image.padImages';
  checkOptions(op, options, [
    'topPadding',
    'leftPadding',
    'bottomPadding',
    'rightPadding',
    'targetHeight',
    'targetWidth',
    'dataFormat',
  ]);
  const {topPadding: top, bottomPadding: bottom, leftPadding: left, rightPadding: right} = options;
  const {targetHeight, targetWidth} = options;
  checkEdges(op, ['topPadding', 'bottomPadding', 'targetHeight'], [top, bottom, targetHeight]);
  checkEdges(op, ['leftPadding', 'rightPadding', 'targetWidth'], [left, right, targetWidth]);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const pairs = [
    border(op, 'height', value.shape[1] ?? null, [top, bottom, targetHeight]),
    border(op, 'width', value.shape[2] ?? null, [left, right, targetWidth]),
  ];
  return back(pad(value, [[0, 0], ...pairs, [0, 0]]));
}

function border(op: string, name: string, size: number | null, [before, behind, target]: Edges): [number, number] {
  if (before !== undefined && behind !== undefined) return [before, behind];
  if (size === null) throw new ShapeError(`${op}: the ${name} is open: both paddings are needed instead of a target`);
  const rest = (target ?? 0) - size - (before ?? behind ?? 0);
  if (rest < 0) {
    throw new ValueError(
      `${op}: the target ${name} ${String(target)} is less than the ${name} ${String(size)} and the padding ${String(before ?? behind)}`,
    );
  }
  return before === undefined ? [rest, behind ?? 0] : [before, rest];
}

export interface CropImagesOptions extends ImageOptions {
  topCropping?: number | undefined;
  leftCropping?: number | undefined;
  bottomCropping?: number | undefined;
  rightCropping?: number | undefined;
  /** Height of the result, instead of one of the croppings. */
  targetHeight?: number | undefined;
  /** Width of the result, instead of one of the croppings. */
  targetWidth?: number | undefined;
}

/** A part of images: of top, bottom and target height two are given, of left, right and target width as well. */
export function cropImages(images: AnyTensorLike, options: CropImagesOptions = {}): Tensor {
  const op = 'image.cropImages';
  checkOptions(op, options, [
    'topCropping',
    'leftCropping',
    'bottomCropping',
    'rightCropping',
    'targetHeight',
    'targetWidth',
    'dataFormat',
  ]);
  const {topCropping: top, bottomCropping: bottom, leftCropping: left, rightCropping: right} = options;
  const {targetHeight, targetWidth} = options;
  checkEdges(op, ['topCropping', 'bottomCropping', 'targetHeight'], [top, bottom, targetHeight]);
  checkEdges(op, ['leftCropping', 'rightCropping', 'targetWidth'], [left, right, targetWidth]);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const [y, height] = kept(op, 'height', value.dim(1), [top, bottom, targetHeight]);
  const [x, width] = kept(op, 'width', value.dim(2), [left, right, targetWidth]);
  const sizes = [value.shape[0] ?? null, height, width, value.shape[3] ?? null];
  return back(slice(value, [0, y, x, 0], sizes as readonly number[]));
}

function kept(op: string, name: string, size: number, [before, behind, target]: Edges): [start: number, size: number] {
  const start = before ?? size - (target ?? 0) - (behind ?? 0);
  const count = target ?? size - start - (behind ?? 0);
  if (start < 0 || count < 0 || start + count > size) {
    throw new ValueError(
      `${op}: ${String(before ?? behind ?? 0)} and ${String(behind !== undefined && before !== undefined ? behind : target)} do not fit into the ${name} ${String(size)}`,
    );
  }
  return [start, count];
}
