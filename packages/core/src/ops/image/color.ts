import {isFloating} from '../../dtype.js';
import {floatx} from '../../config.js';
import {DtypeError, ShapeError} from '../../errors.js';
import {show} from '../../shape.js';
import {checkOptions} from '../../suggest.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type AnyTensorLike, castTo} from '../convert.js';
import {where} from '../elementwise.js';
import {split, stack} from '../shape.js';
import {batchOf, type Batch, type ImageOptions, numbers} from './batch.js';

// Colour spaces.

/** Luminance 0.2989 R + 0.587 G + 0.114 B as one channel; an image of one channel stays as it is. Integers are cut. */
export function rgbToGrayscale(images: AnyTensorLike, options: ImageOptions = {}): Tensor {
  const op = 'image.rgbToGrayscale';
  checkOptions(op, options, ['dataFormat']);
  const {images: value, back} = batchOf(op, images, options.dataFormat);
  const channels = value.shape[3] ?? null;
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`${op}: images must have 3 channels (or 1), got shape ${show(back(value).shape)}`);
  }
  if (channels === 1) return back(value);
  const floating: Tensor = isFloating(value.dtype) ? value : castTo(value, floatx(), op);
  const gray = floating.mul(numbers([0.2989, 0.587, 0.114], floating.dtype, op)).sum({axis: -1, keepdims: true});
  return back(castTo(gray, value.dtype, op));
}

/** The three channels of floating images. */
function channelsOf(op: string, images: AnyTensorLike, {dataFormat}: ImageOptions): Batch & {parts: readonly Tensor[]} {
  const batch = batchOf(op, images, dataFormat);
  const {images: value, back} = batch;
  if (!isFloating(value.dtype)) {
    throw new DtypeError(
      `${op}: images must be floating numbers, got ${value.dtype}; convert them with cast('float32')`,
    );
  }
  if (value.shape[3] !== 3) {
    throw new ShapeError(`${op}: images must have 3 channels, got shape ${show(back(value).shape)}`);
  }
  return {...batch, parts: split(value, 3, -1).map((part) => part.squeeze(-1))};
}

/** Red, green and blue in [0, 1] as hue, saturation and value in [0, 1]. */
export function rgbToHsv(images: AnyTensorLike, options: ImageOptions = {}): Tensor {
  const op = 'image.rgbToHsv';
  checkOptions(op, options, ['dataFormat']);
  const {parts, back} = channelsOf(op, images, options);
  const [r, g, b] = parts as readonly [Tensor, Tensor, Tensor];
  const value = r.maximum(g).maximum(b);
  const range = value.sub(r.minimum(g).minimum(b));
  const dark = value.lessEqual(0);
  const saturation = where(dark, 0, range.div(where(dark, 1, value)));
  const grey = range.lessEqual(0);
  const sixth = where(grey, 1, range).mul(6).reciprocal();
  const ofRed = sixth.mul(g.sub(b));
  const ofGreen = sixth.mul(b.sub(r)).add(2 / 6);
  const ofBlue = sixth.mul(r.sub(g)).add(4 / 6);
  const angle = where(grey, 0, where(r.equal(value), ofRed, where(g.equal(value), ofGreen, ofBlue)));
  const hue = where(angle.less(0), angle.add(1), angle);
  return back(stack([hue, saturation, value], -1));
}

/** Hue, saturation and value in [0, 1] as red, green and blue in [0, 1]. */
export function hsvToRgb(images: AnyTensorLike, options: ImageOptions = {}): Tensor {
  const op = 'image.hsvToRgb';
  checkOptions(op, options, ['dataFormat']);
  const {parts, back} = channelsOf(op, images, options);
  const [hue, saturation, value] = parts as readonly [Tensor, Tensor, Tensor];
  const h = hue.mul(6);
  const colors = [
    h.sub(3).abs().sub(1).clip(0, 1),
    h.sub(2).abs().neg().add(2).clip(0, 1),
    h.sub(4).abs().neg().add(2).clip(0, 1),
  ];
  const white = saturation.neg().add(1);
  return back(
    stack(
      colors.map((color) => white.add(saturation.mul(color)).mul(value)),
      -1,
    ),
  );
}
