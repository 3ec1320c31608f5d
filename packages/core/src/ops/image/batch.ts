import {ShapeError} from '../../errors.js';
import {show} from '../../shape.js';
import {checkChoice, describe} from '../../suggest.js';
import {ValueError} from '../../errors.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type AnyTensorLike, castTo, toTensor} from '../convert.js';
import {type DataFormat} from '../nn.js';
import {expandDims, moveaxis, squeeze} from '../shape.js';

// What the image operations have in common: one image or a batch, channels last or first.

export interface ImageOptions {
  /** `'channels_last'` (height, width, channels), the default, or `'channels_first'` (channels, height, width). */
  dataFormat?: DataFormat | undefined;
}

/** Images as (n, height, width, channels), and the way back to the form that came. */
export interface Batch {
  readonly images: Tensor;
  readonly back: (images: Tensor) => Tensor;
}

/** One image (rank 3) or a batch of them (rank 4) as a batch with channels last. */
export function batchOf(op: string, images: AnyTensorLike, dataFormat: DataFormat | undefined): Batch {
  checkChoice(op, 'dataFormat', dataFormat ?? 'channels_last', ['channels_last', 'channels_first']);
  const value: Tensor = toTensor(images, op);
  if (value.ndim !== 3 && value.ndim !== 4) {
    throw new ShapeError(
      `${op}: images must have rank 3 (one image) or 4 (a batch of images), got shape ${show(value.shape)}`,
    );
  }
  const first = dataFormat === 'channels_first';
  const many = value.ndim === 4 ? value : expandDims(value, 0);
  return {
    images: first ? moveaxis(many, 1, -1) : many,
    back: (made) => {
      const placed = first ? moveaxis(made, -1, 1) : made;
      return value.ndim === 4 ? placed : squeeze(placed, 0);
    },
  };
}

/** Height and width: two positive integers. */
export function checkSize(op: string, name: string, size: unknown): readonly [height: number, width: number] {
  const list: unknown[] = Array.isArray(size) ? size : [];
  const [height, width] = list;
  const positive = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n > 0;
  if (list.length !== 2 || !positive(height) || !positive(width)) {
    throw new ValueError(`${op}: ${name} must be [height, width], two positive integers, got ${describe(size)}`);
  }
  return [height, width];
}

/** Numbers as a tensor of a dtype. */
export function numbers(values: Iterable<number>, dtype: Tensor['dtype'], op: string): Tensor {
  return castTo(toTensor(Float64Array.from(values), op), dtype, op);
}
