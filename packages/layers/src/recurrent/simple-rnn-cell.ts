import {type Tensor} from '@keratin/core';
import {simpleSequence} from '@keratin/core/internal';
import {type CallOptions} from '../layer/types.js';
import {type CellOptions, VectorCell, type WholeOptions} from './cell.js';

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
  protected override isFused(): boolean {
    return this.constructor === SimpleRNNCell;
  }
  protected override fused(x: Tensor, kernel: Tensor, states: readonly Tensor[], {sequence, projected}: WholeOptions) {
    const [h0] = states;
    if (h0 === undefined) return null;
    const recurrent = this.inComputeDtype(this.recurrentKernel);
    const bias = this.biasOr(this.bias === null ? null : this.inComputeDtype(this.bias), projected);
    const {last, h} = simpleSequence({x, h0, kernel, recurrent, bias}, sequence, this.path);
    return {outputs: h, states: [last]};
  }
}
