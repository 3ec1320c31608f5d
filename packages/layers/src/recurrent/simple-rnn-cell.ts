import {type Tensor} from '@keratin/core';
import {simpleSequence} from '@keratin/core/internal';
import {type CallOptions} from '../layer/types.js';
import {type CellOptions, lastState, VectorCell} from './cell.js';

/** Options of {@link SimpleRNNCell}. */
export type SimpleRNNCellOptions = CellOptions;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface SimpleRNNCell {
  (x: Tensor, states: readonly Tensor[], options?: CallOptions): [output: Tensor, states: [h: Tensor]];
}

/**
 * One step of a fully connected recurrent net: h' = tanh(x kernel + h recurrentKernel + bias).
 * Inputs (batch, features), state (batch, units). Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class SimpleRNNCell extends VectorCell {
  constructor(units: number, options: SimpleRNNCellOptions = {}) {
    super('SimpleRNNCell', 1, units, options);
  }
  override get stateSize(): number {
    return this.units;
  }
  override project(x: Tensor, training: boolean | undefined): Tensor {
    return this.projected(x, training, this.bias === null ? null : this.inComputeDtype(this.bias));
  }
  protected override step(z: Tensor, states: readonly Tensor[], training: boolean | undefined) {
    const [h = z] = states;
    const output = this.activation(z.add(this.recurrentProduct(h, training)));
    return [output, [output]] as const;
  }
  override wholeSequence(projected: Tensor, states: readonly Tensor[], training: boolean | undefined) {
    const [h0] = states;
    if (!this.isFused(projected, training, SimpleRNNCell) || h0 === undefined) return null;
    const h = simpleSequence(projected, h0, this.inComputeDtype(this.recurrentKernel), this.path);
    return {outputs: h, states: [lastState(h)]};
  }
}
