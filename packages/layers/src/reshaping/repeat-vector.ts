import {type Config, ops, type Shape, type Tensor} from '@keratin/core';
import {checkCount} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Repeats vectors `n` times: inputs (batch, features) become (batch, n, features). */
export class RepeatVector extends Layer {
  static override readonly positional = ['n'];
  readonly n: number;

  constructor(n: number, options: LayerOptions = {}) {
    super(options);
    this.n = checkCount('RepeatVector', 'n', n);
    this.inputSpec = {ndim: 2};
  }
  override call(x: Tensor): Tensor {
    return ops.repeat(ops.expandDims(x, 1), this.n, 1);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [inputShape[0] ?? null, this.n, inputShape[1] ?? null];
  }
  override getConfig(): Config {
    return {...super.getConfig(), n: this.n};
  }
}
