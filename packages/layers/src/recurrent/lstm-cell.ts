import {type Config, ops, type Tensor} from '@keratin/core';
import {lstmSequence} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import {Initializer, type InitializerIdentifier} from '../initializers/index.js';
import {checkBoolean} from '../layer/arguments.js';
import {type CallOptions} from '../layer/types.js';
import {type CellOptions, VectorCell, type WholeOptions} from './cell.js';

/** Options of the cells with gates. */
export interface GatedCellOptions extends CellOptions {
  /** Of the gates. Default `'sigmoid'`. */
  recurrentActivation?: activations.Activation | null | undefined;
  /** Kept for files of Keras; both give the same. */
  implementation?: 1 | 2 | undefined;
}

/** Options of {@link LSTMCell}. */
export interface LSTMCellOptions extends GatedCellOptions {
  /** Whether the bias of the forget gate starts at 1 (Jozefowicz et al., 2015). Default true. */
  unitForgetBias?: boolean | undefined;
}

/** First values of an LSTM's bias: ones for the forget gate. */
export class ForgetBias extends Initializer {
  constructor(readonly others: Initializer) {
    super();
  }
  override call(shape: readonly number[], dtype: Parameters<Initializer['call']>[1]): Tensor {
    const units = (shape[0] ?? 0) / 4;
    return ops.concatenate([
      this.others([units], {dtype}),
      ops.ones([units], dtype),
      this.others([2 * units], {dtype}),
    ]);
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface LSTMCell {
  (x: Tensor, states: readonly Tensor[], options?: CallOptions): [output: Tensor, states: [h: Tensor, c: Tensor]];
}

/**
 * One step of a long short-term memory (Hochreiter and Schmidhuber, 1997): with gates i, f, o = sigmoid(...) and candidates
 * g = tanh(...) of x kernel + h recurrentKernel + bias, c' = f c + i g and h' = o tanh(c').
 * Inputs (batch, features), states h and c (batch, units). Weights, gates in the order i, f, g, o: kernel (features, 4 units),
 * recurrent_kernel (units, 4 units), bias (4 units).
 *
 * @example
 * const cell = new layers.LSTMCell(100);
 * const [y, [h, c]] = cell(ops.ones([8, 20]), [ops.zeros([8, 100]), ops.zeros([8, 100])]);
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class LSTMCell extends VectorCell {
  readonly recurrentActivation: activations.ActivationFunction;
  readonly unitForgetBias: boolean;

  constructor(units: number, options: LSTMCellOptions = {}) {
    super('LSTMCell', 4, units, options, ['recurrentActivation', 'unitForgetBias', 'implementation']);
    this.recurrentActivation = gateActivation(options.recurrentActivation);
    this.unitForgetBias = checkBoolean('LSTMCell', 'unitForgetBias', options.unitForgetBias ?? true);
  }
  override get stateSize(): readonly number[] {
    return [this.units, this.units];
  }
  protected override biasValues(): InitializerIdentifier {
    return this.unitForgetBias ? new ForgetBias(this.biasInitializer) : this.biasInitializer;
  }
  override project(x: Tensor, training: boolean | undefined): Tensor {
    return this.projected(x, training, this.bias === null ? null : this.inComputeDtype(this.bias));
  }
  protected override step(projected: Tensor, states: readonly Tensor[], training: boolean | undefined) {
    const [h = projected, c = projected] = states;
    const z = projected.add(this.recurrentProduct(h, training));
    return longShortTerm(z, c, this.activation, this.recurrentActivation, -1);
  }
  protected override isFused(): boolean {
    return this.constructor === LSTMCell && this.recurrentActivation === activations.sigmoid;
  }
  protected override fused(x: Tensor, kernel: Tensor, states: readonly Tensor[], {sequence, projected}: WholeOptions) {
    const [h0, c0] = states;
    if (h0 === undefined || c0 === undefined) return null;
    const recurrent = this.inComputeDtype(this.recurrentKernel);
    const bias = this.biasOr(this.bias === null ? null : this.inComputeDtype(this.bias), projected);
    const {last, cell, h} = lstmSequence({x, h0, c0, kernel, recurrent, bias}, sequence, this.path);
    return {outputs: h, states: [last, cell]};
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      recurrent_activation: activations.serialize(this.recurrentActivation),
      unit_forget_bias: this.unitForgetBias,
    };
  }
}

/** The gates' activation; sigmoid by default. */
export const gateActivation = (value: activations.Activation | null | undefined): activations.ActivationFunction =>
  activations.get(value === undefined ? 'sigmoid' : value);

/** The step of an LSTM from the sums of its gates, which are side by side along an axis. */
export function longShortTerm(
  z: Tensor,
  c: Tensor,
  activation: activations.ActivationFunction,
  gate: activations.ActivationFunction,
  axis: number,
): readonly [output: Tensor, states: readonly Tensor[]] {
  const [i = z, f = z, g = z, o = z] = ops.split(z, 4, axis);
  const next = gate(f)
    .mul(c)
    .add(gate(i).mul(activation(g)));
  const output = gate(o).mul(activation(next));
  return [output, [output, next]];
}
