import {createRequire} from 'node:module';
import {ops, type Tensor} from '@keratin/core';
import {lazy} from '@keratin/core/internal';
import type * as Pngjs from 'pngjs';

const library = lazy(() => createRequire(import.meta.url)('pngjs') as typeof Pngjs);

/** How many pictures of one weight are written, as in Keras. */
const MOST = 3;

/**
 * A weight as pictures of type PNG: a vector is a column, a matrix lies on its longer side, and each kernel of a convolution is a picture.
 * The least value is black and the greatest white. (Keras takes the values as brightness, so that all negative ones are black.)
 * @returns null for weights of other shapes
 */
export function weightImages(weight: Tensor): {width: number; height: number; files: readonly Buffer[]} | null {
  const images = asImages(weight);
  if (images === null) return null;
  const [count = 0, height = 0, width = 0, channels = 0] = images.shape as readonly number[];
  const values = images.cast('float64').data() as Float64Array;
  const finite = values.filter((value) => Number.isFinite(value));
  const least = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const greatest = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const brightness = (value: number): number =>
    Number.isFinite(value) && greatest > least ? Math.round(((value - least) / (greatest - least)) * 255) : 0;
  const size = height * width * channels;
  const files = Array.from({length: Math.min(count, MOST)}, (_, i) => {
    const pixels = Uint8Array.from(values.subarray(i * size, (i + 1) * size), brightness);
    return encode(pixels, width, height, channels);
  });
  return {width, height, files};
}

/** The weight in the shape (pictures, height, width, channels). */
function asImages(weight: Tensor): Tensor | null {
  const plain = ops.squeeze(weight);
  const [a = 0, b = 0, c = 0] = plain.shape as readonly number[];
  switch (plain.ndim) {
    case 1:
      return plain.reshape([1, a, 1, 1]);
    case 2:
      return a > b ? plain.transpose().reshape([1, b, a, 1]) : plain.reshape([1, a, b, 1]);
    case 3:
      return ops.transpose(plain, [2, 0, 1]).reshape([c, a, b, 1]);
    case 4:
      return [1, 3, 4].includes(plain.dim(-1)) ? plain : null;
    default:
      return null;
  }
}

function encode(pixels: Uint8Array, width: number, height: number, channels: number): Buffer {
  const {PNG} = library();
  const png = new PNG({width, height});
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 4; channel++) {
      const isAlpha = channel === 3;
      const from = channels === 1 ? 0 : channel;
      const value = isAlpha && channels < 4 ? 255 : pixels[pixel * channels + from];
      png.data[pixel * 4 + channel] = value ?? 0;
    }
  }
  return PNG.sync.write(png, {colorType: channels === 1 ? 0 : channels === 3 ? 2 : 6});
}
