import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {perAxis, show} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import {type PerAxis} from '../convolution/window-layer.js';
import {windowOutput} from '../convolution/window.js';
import {checkBoolean, checkChoice, checkCount} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {type CallOptions} from '../layer/types.js';
import {Cell, type States} from './cell.js';
import {ForgetBias, gateActivation, longShortTerm, type LSTMCellOptions} from './lstm-cell.js';

/** Options of the convolutional LSTM layers; `A` has one number for each spatial axis. */
export interface ConvLSTMCellOptions<A extends readonly number[]> extends Omit<LSTMCellOptions, 'implementation'> {
  /** Steps of the window over the inputs. Default 1. */
  strides?: PerAxis<A> | undefined;
  /** Of the inputs; the states are always padded so that they keep their sizes. Default `'valid'`. */
  padding?: 'valid' | 'same' | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Distance between the elements of the window over the inputs. Default 1; above 1 only with strides 1. */
  dilationRate?: PerAxis<A> | undefined;
}

/** Names of the options that {@link ConvLSTMCellOptions} adds to those of cells. */
export const CONV_LSTM_OPTIONS = [
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'recurrentActivation',
  'unitForgetBias',
] as const;

/** One step of a convolutional LSTM: the products of `LSTMCell` are convolutions (Shi et al., 2015). */
export class ConvLSTMCell extends Cell {
  readonly rank: number;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'valid' | 'same';
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly recurrentActivation: activations.ActivationFunction;
  readonly unitForgetBias: boolean;
  #inputShape: Shape = [];

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvLSTMCellOptions<readonly number[]>,
  ) {
    super(where, options, CONV_LSTM_OPTIONS);
    this.rank = rank;
    this.filters = checkCount(where, 'filters', filters);
    this.kernelSize = perAxis(where, 'kernelSize', kernelSize, rank);
    this.strides = perAxis(where, 'strides', options.strides ?? 1, rank);
    this.padding = checkChoice(where, 'padding', options.padding ?? 'valid', ['valid', 'same']);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.dilationRate = perAxis(where, 'dilationRate', options.dilationRate ?? 1, rank);
    this.recurrentActivation = gateActivation(options.recurrentActivation);
    this.unitForgetBias = checkBoolean(where, 'unitForgetBias', options.unitForgetBias ?? true);
    if (this.strides.some((n) => n > 1) && this.dilationRate.some((n) => n > 1)) {
      throw new ValueError(
        `${where}: strides above 1 and dilationRate above 1 cannot be combined, got ${show(this.strides)} and ${show(this.dilationRate)}`,
      );
    }
  }

  // Of one sample the states are images; their channels are what is fixed.
  override get stateSize(): readonly number[] {
    return [this.filters, this.filters];
  }
  override get outputSize(): number {
    return this.filters;
  }
  private get channelAxis(): number {
    return this.dataFormat === 'channels_last' ? this.rank + 1 : 1;
  }

  override build(inputShape: never): void {
    const shape: Shape = inputShape;
    const channels = shape[this.channelAxis] ?? null;
    if (channels === null || shape.length !== this.rank + 2 || shape.slice(1).includes(null)) {
      throw new ShapeError(
        `${this.path}: each step must have rank ${String(this.rank + 2)} and known sizes but for the batch, got steps ${show(shape)}`,
      );
    }
    const bias = this.unitForgetBias ? new ForgetBias(this.biasInitializer) : this.biasInitializer;
    const wide = 4 * this.filters;
    this.addKernels([...this.kernelSize, channels, wide], [...this.kernelSize, this.filters, wide], [wide], bias);
    this.#inputShape = shape;
    super.build(inputShape);
  }

  override getInitialState(batchSize: number): States {
    const shape = this.stepShape([batchSize, ...this.#inputShape.slice(1)]).map((n) => n ?? 1);
    return [0, 1].map(() => ops.zeros(shape, this.computeDtype) as Tensor);
  }

  /** The shape of the output and of both states for steps of this shape. */
  stepShape(inputShape: Shape): Shape {
    const first = this.dataFormat === 'channels_last' ? 1 : 2;
    const spatial = this.kernelSize.map((window, i) =>
      windowOutput(inputShape[first + i] ?? null, {
        window,
        stride: this.strides[i] ?? 1,
        dilation: this.dilationRate[i] ?? 1,
        padding: this.padding,
      }),
    );
    const [batch = null] = inputShape;
    return this.dataFormat === 'channels_last' ? [batch, ...spatial, this.filters] : [batch, this.filters, ...spatial];
  }

  override computeOutputShape(inputShape: never): never {
    const shape = this.stepShape(inputShape);
    return [shape, [shape, shape]] as never;
  }

  override call(...args: readonly unknown[]): unknown {
    const [x, states, {training}] = args as [Tensor, readonly [Tensor, Tensor], CallOptions];
    const [h, c] = states;
    const {strides, padding, dataFormat, dilationRate, channelAxis} = this;
    const ofInputs = (input: Tensor, kernel: Tensor) =>
      ops.conv(input, kernel, {strides, padding, dataFormat, dilationRate});
    const ofState = (state: Tensor, kernel: Tensor) => ops.conv(state, kernel, {padding: 'same', dataFormat});
    const fromInputs = this.gated(x, this.kernel, this.dropoutMasks(x.shape, training, 4), ofInputs);
    const fromState = this.gated(h, this.recurrentKernel, this.recurrentMasks(h.shape, training, 4), ofState);
    let z = fromInputs.add(fromState);
    if (this.bias !== null) {
      const shape = z.shape.map((_, axis) => (axis === channelAxis ? 4 * this.filters : 1));
      z = z.add(this.inComputeDtype(this.bias).reshape(shape));
    }
    return longShortTerm(z, c, this.activation, this.recurrentActivation, channelAxis);
  }

  // One convolution for all gates, or one for each gate with a mask of its own.
  private gated(
    x: Tensor,
    weight: Parameters<typeof this.inComputeDtype>[0],
    masks: readonly Tensor[] | null,
    convolve: (x: Tensor, kernel: Tensor) => Tensor,
  ): Tensor {
    const kernel = this.inComputeDtype(weight);
    if (masks === null) return convolve(x, kernel);
    const parts = ops.split(kernel, 4, -1);
    return ops.concatenate(
      masks.map((mask, i) => convolve(x.mul(mask), parts[i] ?? kernel)),
      this.channelAxis,
    );
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernel_size: [...this.kernelSize],
      strides: [...this.strides],
      padding: this.padding,
      data_format: this.dataFormat,
      dilation_rate: [...this.dilationRate],
      ...this.cellConfig(),
      recurrent_activation: activations.serialize(this.recurrentActivation),
      unit_forget_bias: this.unitForgetBias,
    };
  }
}
