import {ops, slice, type Tensor} from '@keratin/core';
import {boxesOf, columnsOf, type ImageSize} from './boxes.js';

/** The part of the image's middle that has another aspect ratio. */
export function middle({height, width}: ImageSize, target: ImageSize): ImageSize & {top: number; left: number} {
  const within = (size: number, most: number) => Math.max(Math.min(most, Math.trunc(size)), 1);
  const h = within((width * target.height) / target.width, height);
  const w = within((height * target.width) / target.height, width);
  return {height: h, width: w, top: Math.trunc((height - h) / 2), left: Math.trunc((width - w) / 2)};
}

/** A part of images (n, height, width, channels); less where they end before. */
export const part = (images: Tensor, top: number, left: number, {height, width}: ImageSize): Tensor =>
  images.at(':', slice(top, top + height), slice(left, left + width));

/** Corners in a part of the images that is then stretched. */
export function inPart(corners: Tensor, top: Tensor | number, left: Tensor | number, scale: ImageSize): Tensor {
  const moved = (column: Tensor, start: Tensor | number, by: number) =>
    ops.subtract(column, typeof start === 'number' ? start : ops.cast(start, 'float32')).mul(by);
  return boxesOf(
    columnsOf(corners).map((column, i) =>
      i % 2 === 0 ? moved(column, left, scale.width) : moved(column, top, scale.height),
    ),
  );
}
