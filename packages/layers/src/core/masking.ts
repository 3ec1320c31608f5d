import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {withMask} from '@keratin/core/internal';
import {checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions, type Masks} from '../layer/types.js';

/** Options of {@link Masking}. */
export interface MaskingOptions extends LayerOptions {
  /** A step of which all features have this value is left out. Default 0. */
  maskValue?: number | undefined;
}

/** Masks the steps of sequences (batch, steps, features) whose features all are `maskValue`, and sets them to 0. */
export class Masking extends Layer {
  readonly maskValue: number;

  constructor(options: MaskingOptions = {}) {
    super(options, ['maskValue']);
    this.maskValue = checkNumber('Masking', 'maskValue', options.maskValue ?? 0);
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    const counts = ops.any(ops.notEqual(x, this.maskValue), {axis: -1, keepdims: true});
    return withMask(ops.where(counts, x, 0), ops.any(ops.notEqual(x, this.maskValue), {axis: -1}));
  }
  override computeMask(x: Tensor, _previousMask: Masks): Masks {
    return ops.any(ops.notEqual(x, this.maskValue), {axis: -1});
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
  override getConfig(): Config {
    return {...super.getConfig(), mask_value: this.maskValue};
  }
}
