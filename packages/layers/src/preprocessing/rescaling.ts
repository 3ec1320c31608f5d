import {type Config, ops, type Shape, tensor, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** One number, or one for each channel. */
export type RescalingValue = number | readonly number[];

/** Options of {@link Rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** Added after the multiplication. Default 0. */
  offset?: RescalingValue | undefined;
}

/** x * scale + offset, such as `new Rescaling(1 / 255)` for images. Integers become the layer's dtype. */
export class Rescaling extends Layer {
  static override readonly positional = ['scale'];
  readonly scale: RescalingValue;
  readonly offset: RescalingValue;

  constructor(scale: RescalingValue, options: RescalingOptions = {}) {
    super(options, ['offset']);
    this.scale = checkValue('scale', scale);
    this.offset = checkValue('offset', options.offset ?? 0);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    const dtype = this.computeDtype as 'float32';
    const value = x.dtype === dtype ? x : ops.cast(x, dtype);
    return value.mul(tensor(this.scale, dtype)).add(tensor(this.offset, dtype));
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  override getConfig(): Config {
    return {...super.getConfig(), scale: this.scale, offset: this.offset};
  }
}

function checkValue(name: string, value: unknown): RescalingValue {
  const list = [value].flat();
  if (list.length > 0 && list.every((n) => typeof n === 'number' && Number.isFinite(n))) return value as RescalingValue;
  throw new ValueError(`Rescaling: ${name} must be a finite number or a list of them, got ${describe(value)}`);
}
