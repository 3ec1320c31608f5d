import {FileFormatError} from '@keratin/core';
import {jpegLibrary, pngLibrary} from './libraries.js';
import {Picture} from './picture.js';

// Pillow's limit, above which it warns of bombs.
const MAX_PIXELS = 89_478_485;
const MAX_JPEG_MEGABYTES = 1536;

const OTHERS: readonly (readonly [start: string, name: string])[] = [
  ['GIF8', 'a GIF'],
  ['BM', 'a BMP'],
  ['RIFF', 'a WebP'],
  ['II*\0', 'a TIFF'],
  ['MM\0*', 'a TIFF'],
];

/**
 * The picture in the bytes of a PNG or JPEG file, with 8 bits a channel.
 *
 * @throws FileFormatError for other formats, damaged files, and pictures of more than 89 million pixels
 */
export function decodePicture(bytes: Uint8Array, label: string): Picture {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (buffer.readUInt32BE(0) === 0x89504e47) return decodePng(buffer, label);
    if (buffer.readUInt16BE(0) === 0xffd8) return decodeJpeg(buffer);
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    throw new FileFormatError(
      `${label}: the picture is damaged (${cause instanceof Error ? cause.message : String(cause)})`,
      {
        cause,
      },
    );
  }
  const start = buffer.toString('latin1', 0, 4);
  const other = OTHERS.find(([magic]) => start.startsWith(magic));
  throw new FileFormatError(
    `${label} is ${other === undefined ? 'no picture that is known' : other[1]}; PNG and JPEG are read`,
  );
}

function decodePng(buffer: Buffer, label: string): Picture {
  // Before anything is unpacked.
  const [width, height] = [buffer.readUInt32BE(16), buffer.readUInt32BE(20)];
  if (width * height > MAX_PIXELS) {
    throw new FileFormatError(
      `${label}: a picture of ${String(width)} x ${String(height)} pixels is larger than ${String(MAX_PIXELS)} pixels`,
    );
  }
  const {data, ...rest} = pngLibrary().PNG.sync.read(buffer);
  return new Picture(rest.width, rest.height, 'rgba', data);
}

function decodeJpeg(buffer: Buffer): Picture {
  const {width, height, data} = jpegLibrary().decode(buffer, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: MAX_JPEG_MEGABYTES,
  });
  return new Picture(width, height, 'rgba', data);
}
