import {type Config, ops, type Tensor} from '@keratin/core';
import {gruSequence} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import {checkBoolean} from '../layer/arguments.js';
import {type CallOptions} from '../layer/types.js';
import {VectorCell, type WholeOptions} from './cell.js';
import {gateActivation, type GatedCellOptions} from './lstm-cell.js';

/** Options of {@link GRUCell}. */
export interface GRUCellOptions extends GatedCellOptions {
  /** Whether the reset gate multiplies after the product with the recurrent kernel (as CuDNN does) or before. Default true. */
  resetAfter?: boolean | undefined;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface GRUCell {
  (x: Tensor, states: readonly Tensor[], options?: CallOptions): [output: Tensor, states: [h: Tensor]];
}

/**
 * One step of a gated recurrent unit (Cho et al., 2014): with gates z and r = sigmoid(...), candidates
 * g = tanh(x W + r (h U)), h' = z h + (1 - z) g.
 * Inputs (batch, features), state (batch, units). Weights, gates in the order z, r, g: kernel (features, 3 units),
 * recurrent_kernel (units, 3 units), bias (2, 3 units), or (3 units) where the reset comes before the product.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class GRUCell extends VectorCell {
  readonly recurrentActivation: activations.ActivationFunction;
  readonly resetAfter: boolean;

  constructor(units: number, options: GRUCellOptions = {}) {
    super('GRUCell', 3, units, options, ['recurrentActivation', 'resetAfter', 'implementation']);
    this.recurrentActivation = gateActivation(options.recurrentActivation);
    this.resetAfter = checkBoolean('GRUCell', 'resetAfter', options.resetAfter ?? true);
  }
  override get stateSize(): number {
    return this.units;
  }
  protected override biasShape(): readonly number[] {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }
  // The bias of the inputs, and that of the state.
  private biases(): readonly [Tensor | null, Tensor | null] {
    if (this.bias === null) return [null, null];
    const bias = this.inComputeDtype(this.bias);
    if (!this.resetAfter) return [bias, null];
    const [ofInputs = null, ofState = null] = ops.unstack(bias);
    return [ofInputs, ofState];
  }
  override project(x: Tensor, training: boolean | undefined): Tensor {
    const [bias] = this.biases();
    return this.projected(x, training, bias);
  }
  protected override step(projected: Tensor, states: readonly Tensor[], training: boolean | undefined) {
    const [h = projected] = states;
    const [xz = h, xr = h, xg = h] = ops.split(projected, 3, -1);
    const gate = this.recurrentActivation;
    let z: Tensor;
    let candidate: Tensor;
    if (this.resetAfter) {
      const [, bias] = this.biases();
      const product = this.recurrentProduct(h, training);
      const [hz = h, hr = h, hg = h] = ops.split(bias === null ? product : product.add(bias), 3, -1);
      z = gate(xz.add(hz));
      candidate = this.activation(xg.add(gate(xr.add(hr)).mul(hg)));
    } else {
      const kernel = ops.split(this.inComputeDtype(this.recurrentKernel), 3, 1);
      const masks = this.recurrentMasks(h.shape, training, 3);
      const product = (x: Tensor, part: number): Tensor => {
        const mask = masks?.[part];
        return (mask === undefined ? x : x.mul(mask)).matmul(kernel[part] ?? x);
      };
      z = gate(xz.add(product(h, 0)));
      candidate = this.activation(xg.add(product(gate(xr.add(product(h, 1))).mul(h), 2)));
    }
    const output = z.mul(h).add(z.neg().add(1).mul(candidate));
    return [output, [output]] as const;
  }
  protected override isFused(): boolean {
    return this.constructor === GRUCell && this.recurrentActivation === activations.sigmoid && this.resetAfter;
  }
  protected override fused(x: Tensor, kernel: Tensor, states: readonly Tensor[], {sequence, projected}: WholeOptions) {
    const [h0] = states;
    if (h0 === undefined) return null;
    const recurrent = this.inComputeDtype(this.recurrentKernel);
    const [ofInputs, ofState] = this.biases();
    const bias = this.biasOr(ofInputs, projected);
    const recurrentBias = this.biasOr(ofState, false);
    const {last, h} = gruSequence({x, h0, kernel, recurrent, bias, recurrentBias}, sequence, this.path);
    return {outputs: h, states: [last]};
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      recurrent_activation: activations.serialize(this.recurrentActivation),
      reset_after: this.resetAfter,
    };
  }
}
