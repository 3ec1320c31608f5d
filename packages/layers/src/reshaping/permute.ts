import {type Config, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {describe} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** Puts the axes of samples in another order: `dims` counts them from 1, without the batch. */
export class Permute extends Layer {
  static override readonly positional = ['dims'];
  readonly dims: readonly number[];

  /** @throws ValueError where `dims` is no permutation of 1, 2, ... */
  constructor(dims: readonly number[], options: LayerOptions = {}) {
    super(options);
    const given: unknown = dims;
    if (!Array.isArray(given) || ![...dims].sort((a, b) => a - b).every((dim, i) => dim === i + 1)) {
      throw new ValueError(
        `Permute: dims must hold each of 1, 2, ... once (axes of a sample without the batch), got ${describe(given)}`,
      );
    }
    this.dims = [...dims];
    this.inputSpec = {ndim: dims.length + 1};
  }
  override call(x: Tensor): Tensor {
    return ops.transpose(x, [0, ...this.dims]);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return [0, ...this.dims].map((axis) => inputShape[axis] ?? null);
  }
  override getConfig(): Config {
    return {...super.getConfig(), dims: [...this.dims]};
  }
}
