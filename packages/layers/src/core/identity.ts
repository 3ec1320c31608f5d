import {type Shape, type Tensor} from '@keratin/core';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Gives its inputs as they are. */
export class Identity extends Layer {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return x;
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
}
