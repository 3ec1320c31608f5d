import {type AnyTensorLike, toTensor} from '../ops/convert.js';
import {type DataFormat} from '../ops/nn.js';
import {ops} from '../ops/recorded.js';
import {ShapeError} from '../errors.js';
import {show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';

// Resizing and padding, under older names.

/** Where the channels are. */
export interface Format {
  readonly dataFormat?: DataFormat | undefined;
}

/** Images with their height and width times whole numbers. */
export function resizeImages(
  x: AnyTensorLike,
  heightFactor: number,
  widthFactor: number,
  options: Format & {interpolation?: 'nearest' | 'bilinear' | undefined} = {},
): Tensor {
  const value: Tensor = toTensor(x, 'resizeImages');
  const {dataFormat = 'channels_last', interpolation = 'nearest'} = options;
  const first = dataFormat === 'channels_first' ? 2 : 1;
  const size = [value.dim(first) * heightFactor, value.dim(first + 1) * widthFactor] as const;
  return ops.image.resize(value, size, {interpolation, dataFormat});
}

/** Volumes with each voxel repeated along depth, height and width. */
export function resizeVolumes(
  x: AnyTensorLike,
  depthFactor: number,
  heightFactor: number,
  widthFactor: number,
  options: Format = {},
): Tensor {
  const first = options.dataFormat === 'channels_first' ? 2 : 1;
  return [depthFactor, heightFactor, widthFactor].reduce<Tensor>(
    (value, factor, i) => ops.repeat(value, factor, first + i),
    toTensor(x, 'resizeVolumes'),
  );
}

type Edge = readonly [before: number, after: number];

function zeros(op: string, x: AnyTensorLike, edges: readonly Edge[], {dataFormat}: Format): Tensor {
  const value: Tensor = toTensor(x, op);
  if (value.ndim !== edges.length + 2) {
    throw new ShapeError(`${op}: x must have rank ${String(edges.length + 2)}, got shape ${show(value.shape)}`);
  }
  const none: Edge = [0, 0];
  return ops.pad(value, dataFormat === 'channels_first' ? [none, none, ...edges] : [none, ...edges, none]);
}

/** Zeros before and after the steps of (batch, steps, channels). */
export const temporalPadding = (x: AnyTensorLike, padding: Edge = [1, 1]): Tensor =>
  zeros('temporalPadding', x, [padding], {});

/** Zeros around images. */
export const spatial2dPadding = (
  x: AnyTensorLike,
  padding: readonly [Edge, Edge] = [
    [1, 1],
    [1, 1],
  ],
  options: Format = {},
): Tensor => zeros('spatial2dPadding', x, padding, options);

/** Zeros around volumes. */
export const spatial3dPadding = (
  x: AnyTensorLike,
  padding: readonly [Edge, Edge, Edge] = [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  options: Format = {},
): Tensor => zeros('spatial3dPadding', x, padding, options);
