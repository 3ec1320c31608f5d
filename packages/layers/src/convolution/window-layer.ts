import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {perAxis, show} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkChoice} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {windowOutput} from './window.js';

/** A number for all spatial axes, or one for each. */
export type PerAxis<T extends readonly number[]> = number | T;

export type Padding = 'valid' | 'same' | 'causal';

/** Options of the layers that slide a window; `A` has one number for each spatial axis, `P` are the paddings. */
export interface WindowOptions<A extends readonly number[], P extends string = 'valid' | 'same'> extends LayerOptions {
  /** Steps of the window. Default 1. */
  strides?: PerAxis<A> | undefined;
  /** `'valid'` takes whole windows only, `'same'` pads with zeros so that stride 1 keeps the size. Default `'valid'`. */
  padding?: P | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Distance between the elements of a window. Default 1; above 1 only with strides 1, but for depthwise and separable convolutions. */
  dilationRate?: PerAxis<A> | undefined;
  /** Applied to the outputs. Default: none. */
  activation?: activations.Activation | null | undefined;
  /** Whether a bias is added. Default true. */
  useBias?: boolean | undefined;
  /** Default `'zeros'`. */
  biasInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the bias. Default: none. */
  biasRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the bias may be after a step. Default: anything. */
  biasConstraint?: constraints.ConstraintIdentifier | null | undefined;
}

const OPTIONS = [
  'strides',
  'padding',
  'dataFormat',
  'dilationRate',
  'activation',
  'useBias',
  'biasInitializer',
  'biasRegularizer',
  'biasConstraint',
] as const;

/** Base of all convolutions: the window, the bias and the activation. */
export abstract class WindowLayer extends Layer {
  readonly rank: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly activation: activations.ActivationFunction;
  readonly useBias: boolean;
  readonly biasInitializer: initializers.Initializer;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly biasConstraint: constraints.Constraint | null;
  declare bias: Variable | null;

  constructor(
    where: string,
    rank: number,
    kernelSize: number | readonly number[],
    options: WindowOptions<readonly number[], Padding>,
    ownOptions: readonly string[],
    paddings: readonly Padding[] = ['valid', 'same'],
  ) {
    super(options, [...OPTIONS, ...ownOptions]);
    this.rank = rank;
    this.kernelSize = perAxis(where, 'kernelSize', kernelSize, rank);
    this.strides = perAxis(where, 'strides', options.strides ?? 1, rank);
    this.dilationRate = perAxis(where, 'dilationRate', options.dilationRate ?? 1, rank);
    this.padding = checkChoice<Padding>(where, 'padding', options.padding ?? 'valid', paddings);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.activation = activations.get(options.activation);
    this.useBias = checkBoolean(where, 'useBias', options.useBias ?? true);
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.inputSpec = {ndim: rank + 2};
  }

  /** Convolutions across channels do not take both; those of each channel by itself do. */
  protected refuseStridesWithDilation(where: string): void {
    if (this.strides.every((n) => n === 1) || this.dilationRate.every((n) => n === 1)) return;
    throw new ValueError(
      `${where}: strides above 1 and dilationRate above 1 cannot be combined, got ${show(this.strides)} and ${show(this.dilationRate)}`,
    );
  }

  /** The axis of the channels. */
  protected get channelAxis(): number {
    return this.dataFormat === 'channels_last' ? this.rank + 1 : 1;
  }

  /** The number of channels of the inputs, which must be known and divide into groups. */
  protected channelsOf(inputShape: Shape, groups = 1): number {
    const channels = inputShape[this.channelAxis] ?? null;
    if (channels !== null && channels % groups === 0) return channels;
    const rule = groups === 1 ? 'must be known' : `must be known and divide into ${String(groups)} groups`;
    throw new ShapeError(
      `${this.path}: the channels (axis ${String(this.channelAxis)}) ${rule}, got inputs ${show(inputShape)}`,
    );
  }

  /** Makes the bias and fixes the number of channels that inputs must have. */
  protected finishBuild(inputShape: Shape, channels: number, filters: number): void {
    this.bias = this.useBias
      ? this.addWeight({
          name: 'bias',
          shape: [filters],
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
    this.inputSpec = {ndim: this.rank + 2, axes: {[this.channelAxis]: channels}};
    super.build(inputShape);
  }

  /** Runs `compute` in single precision where the inputs are halves: those are storage, kernels do not compute in them. */
  protected inFull(x: Tensor, compute: (inputs: Tensor) => Tensor): Tensor {
    const half = x.dtype === 'float16' || x.dtype === 'bfloat16';
    return half ? ops.cast(compute(ops.cast(x, 'float32')), x.dtype) : compute(x);
  }

  /** A weight in the dtype of what it is used with. */
  protected weightFor(x: Tensor, weight: Variable): Tensor {
    return weight.dtype === x.dtype ? weight : ops.cast(weight, x.dtype);
  }

  /** The activation of outputs with the bias added to each channel. */
  protected activate(y: Tensor): Tensor {
    if (this.bias === null) return this.activation(y);
    const shape = y.shape.map((_, axis) => (axis === this.channelAxis ? (this.bias?.size ?? 1) : 1));
    return this.activation(y.add(this.weightFor(y, this.bias).reshape(shape)));
  }

  /** The shape of outputs with as many windows as fit. */
  protected windowShape(inputShape: Shape, filters: number | null): Shape {
    const first = this.dataFormat === 'channels_last' ? 1 : 2;
    const spatial = this.kernelSize.map((size, i) =>
      windowOutput(inputShape[first + i] ?? null, {
        window: size,
        stride: this.strides[i] ?? 1,
        dilation: this.dilationRate[i] ?? 1,
        padding: this.padding,
      }),
    );
    if (spatial.some((n) => n !== null && n <= 0)) {
      throw new ShapeError(
        `${this.path}: a window of ${show(this.kernelSize)} does not fit inputs ${show(inputShape)} with padding '${this.padding}'`,
      );
    }
    return this.outputShape(inputShape, spatial, filters);
  }

  /** Sizes in the order of the data format. */
  protected outputShape(inputShape: Shape, spatial: Shape, filters: number | null): Shape {
    const batch = inputShape[0] ?? null;
    return this.dataFormat === 'channels_last' ? [batch, ...spatial, filters] : [batch, filters, ...spatial];
  }

  /** The part of the config that says how the window slides, in Keras's order. */
  protected windowConfig(): Config {
    return {
      kernel_size: [...this.kernelSize],
      strides: [...this.strides],
      padding: this.padding,
      data_format: this.dataFormat,
      dilation_rate: [...this.dilationRate],
    };
  }

  /** The part of the config that says what comes after the window. */
  protected outputConfig(): Config {
    return {
      activation: activations.serialize(this.activation),
      use_bias: this.useBias,
      bias_initializer: initializers.serialize(this.biasInitializer),
      bias_regularizer: regularizers.serialize(this.biasRegularizer),
      activity_regularizer: regularizers.serialize(this.activityRegularizer),
      bias_constraint: constraints.serialize(this.biasConstraint),
    };
  }
}
