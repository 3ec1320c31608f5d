import {Picture} from './picture.js';

// Pillow's resampling of 8-bit pictures (src/libImaging/Resample.c): a pass along rows and one along columns, with weights of 22 bits and
// results of 8 bits after each.

/** Filters that Pillow's `Image.resize` has. */
export const FILTERS = ['nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'] as const;
export type Filter = (typeof FILTERS)[number];

/** A part of a picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

interface Kernel {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const KERNELS: Readonly<Record<Exclude<Filter, 'nearest'>, Kernel>> = {
  box: {support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)},
  bilinear: {support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0)},
  hamming: {support: 1, weight: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)))},
  bicubic: {support: 2, weight: (x) => cubic(Math.abs(x))},
  lanczos: {support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)},
};

// Keys's convolution with a = -0.5.
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const BITS = 22;

/** Where each new pixel's weights begin, and the weights. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float64Array;
  readonly most: number;
}

function tapsOf(size: number, from: number, to: number, out: number, {support, weight}: Kernel): Taps {
  const scale = (to - from) / out;
  const wide = Math.max(scale, 1);
  const reach = support * wide;
  const most = Math.ceil(reach) * 2 + 1;
  const taps = {starts: new Int32Array(out), counts: new Int32Array(out), weights: new Float64Array(out * most), most};
  for (let i = 0; i < out; i++) {
    const center = from + (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - reach + 0.5), 0);
    const count = Math.min(Math.trunc(center + reach + 0.5), size) - start;
    const own = Array.from({length: count}, (_, k) => weight((k + start - center + 0.5) / wide));
    const sum = own.reduce((total, w) => total + w, 0);
    own.forEach((w, k) => {
      const share = (sum === 0 ? w : w / sum) * 2 ** BITS;
      taps.weights[i * most + k] = Math.trunc(share + (share < 0 ? -0.5 : 0.5));
    });
    taps.starts[i] = start;
    taps.counts[i] = count;
  }
  return taps;
}

/** One pass: `lines` lines of new pixels, each made of pixels `step` apart. */
function pass(
  source: Uint8Array,
  taps: Taps,
  channels: number,
  layout: {lines: number; line: number; step: number; isRows: boolean},
): Uint8Array {
  const {lines, line, step, isRows} = layout;
  const out = taps.starts.length;
  const target = new Uint8Array(lines * out * channels);
  for (let y = 0; y < lines; y++) {
    for (let i = 0; i < out; i++) {
      const start = taps.starts[i] ?? 0;
      const count = taps.counts[i] ?? 0;
      const at = (isRows ? y * out + i : i * lines + y) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 2 ** (BITS - 1);
        for (let k = 0; k < count; k++) {
          sum += (source[y * line + (start + k) * step + c] ?? 0) * (taps.weights[i * taps.most + k] ?? 0);
        }
        target[at + c] = Math.min(Math.max(Math.floor(sum / 2 ** BITS), 0), 255);
      }
    }
  }
  return target;
}

/** A picture, or a part of it, in another size, as Pillow's `Image.resize`. */
export function resized(picture: Picture, width: number, height: number, filter: Filter, part?: Box): Picture {
  const box = part ?? {left: 0, top: 0, right: picture.width, bottom: picture.height};
  const isWhole = box.left === 0 && box.top === 0 && box.right === picture.width && box.bottom === picture.height;
  if (isWhole && width === picture.width && height === picture.height) return picture;
  if (filter === 'nearest') return nearest(picture, width, height, box);
  const {colorMode, channels} = picture;
  const kernel = KERNELS[filter];
  const source = colorMode === 'rgba' ? scaledByOpacity(picture.data) : picture.data;
  const columns = tapsOf(picture.width, box.left, box.right, width, kernel);
  const rows = tapsOf(picture.height, box.top, box.bottom, height, kernel);
  const isSameWidth = box.left === 0 && box.right === picture.width && width === picture.width;
  const isSameHeight = box.top === 0 && box.bottom === picture.height && height === picture.height;
  const alongRows = (pixels: Uint8Array, lines: number): Uint8Array =>
    isSameWidth
      ? pixels
      : pass(pixels, columns, channels, {lines, line: picture.width * channels, step: channels, isRows: true});
  const alongColumns = (pixels: Uint8Array, lines: number): Uint8Array =>
    isSameHeight
      ? pixels
      : pass(pixels, rows, channels, {lines, line: channels, step: lines * channels, isRows: false});
  // The order in which the least is to be done; both round.
  const isColumnsFirst = height < picture.height && width > picture.width;
  const data = isColumnsFirst
    ? alongRows(alongColumns(source, picture.width), height)
    : alongColumns(alongRows(source, picture.height), width);
  return new Picture(width, height, colorMode, colorMode === 'rgba' ? unscaledByOpacity(data) : data);
}

function nearest(picture: Picture, width: number, height: number, box: Box): Picture {
  const {channels, data, colorMode} = picture;
  // Sums, as Pillow makes them: products would round otherwise.
  const places = (from: number, to: number, out: number, size: number): number[] => {
    const scale = (to - from) / out;
    let at = from + scale * 0.5;
    return Array.from({length: out}, () => {
      const place = Math.min(Math.trunc(at), size - 1);
      at += scale;
      return place;
    });
  };
  const columns = places(box.left, box.right, width, picture.width);
  const target = new Uint8Array(width * height * channels);
  let to = 0;
  for (const row of places(box.top, box.bottom, height, picture.height)) {
    for (const column of columns) {
      const from = (row * picture.width + column) * channels;
      for (let c = 0; c < channels; c++) target[to++] = data[from + c] ?? 0;
    }
  }
  return new Picture(width, height, colorMode, target);
}

/** Colours that weigh as much as they are opaque. */
function scaledByOpacity(data: Uint8Array): Uint8Array {
  const out = Uint8Array.from(data);
  for (let i = 0; i < data.length; i += 4) {
    const opacity = data[i + 3] ?? 0;
    for (let c = 0; c < 3; c++) {
      const product = (data[i + c] ?? 0) * opacity + 128;
      out[i + c] = ((product >> 8) + product) >> 8;
    }
  }
  return out;
}

function unscaledByOpacity(data: Uint8Array): Uint8Array {
  const out = Uint8Array.from(data);
  for (let i = 0; i < data.length; i += 4) {
    const opacity = data[i + 3] ?? 0;
    if (opacity === 0 || opacity === 255) continue;
    for (let c = 0; c < 3; c++) out[i + c] = Math.min(Math.trunc((255 * (data[i + c] ?? 0)) / opacity), 255);
  }
  return out;
}
