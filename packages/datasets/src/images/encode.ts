import {ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {jpegLibrary, pngLibrary} from './libraries.js';
import {type Picture, recolored} from './picture.js';

/** Formats that pictures are written in. */
export type PictureFormat = 'png' | 'jpeg' | 'jpg';

const PNG_COLORS = {grayscale: 0, rgb: 2, rgba: 6} as const;

/** The bytes of a picture's file. JPEG has no opacity: it is left out. */
export function encodePicture(where: string, picture: Picture, format: string, quality: number): Uint8Array {
  const {width, height} = picture;
  const name = format.toLowerCase();
  if (name === 'png') {
    const {PNG} = pngLibrary();
    const png = new PNG({width, height});
    png.data = Buffer.from(recolored(picture, 'rgba').data);
    return PNG.sync.write(png, {colorType: PNG_COLORS[picture.colorMode]});
  }
  if (name === 'jpeg' || name === 'jpg') {
    const {data} = recolored(recolored(picture, 'rgb'), 'rgba');
    return jpegLibrary().encode({width, height, data}, quality).data;
  }
  throw new ValueError(`${where}: pictures are written as 'png' or 'jpeg', got ${describe(format)}`);
}
