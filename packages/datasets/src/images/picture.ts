/** How colours are kept: 8 bits of grey, of red, green and blue, or of those and opacity. */
export type ColorMode = 'grayscale' | 'rgb' | 'rgba';

/** Numbers of a pixel by colour mode. */
export const CHANNELS: Readonly<Record<ColorMode, 1 | 3 | 4>> = {grayscale: 1, rgb: 3, rgba: 4};

/** A picture in memory, as `loadImg` and `arrayToImg` give it: 8 bits for each number, rows from the top, channels last. */
export class Picture {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly colorMode: ColorMode,
    readonly data: Uint8Array,
  ) {}

  /** Numbers of a pixel. */
  get channels(): 1 | 3 | 4 {
    return CHANNELS[this.colorMode];
  }

  toString(): string {
    return `Picture(${String(this.width)} x ${String(this.height)}, ${this.colorMode})`;
  }
}

/**
 * A picture in other colours, as Pillow converts it: grey is (19595 R + 38470 G + 7471 B) / 65536 of ITU-R 601, opacity is left out, or 255
 * where there was none.
 */
export function recolored(picture: Picture, colorMode: ColorMode): Picture {
  if (picture.colorMode === colorMode) return picture;
  const {width, height, data} = picture;
  const from = picture.channels;
  const to = CHANNELS[colorMode];
  const out = new Uint8Array(width * height * to);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * from;
    const red = data[at] ?? 0;
    const green = from === 1 ? red : (data[at + 1] ?? 0);
    const blue = from === 1 ? red : (data[at + 2] ?? 0);
    const target = pixel * to;
    if (to === 1) {
      out[target] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >>> 16;
      continue;
    }
    out[target] = red;
    out[target + 1] = green;
    out[target + 2] = blue;
    if (to === 4) out[target + 3] = from === 4 ? (data[at + 3] ?? 0) : 255;
  }
  return new Picture(width, height, colorMode, out);
}
