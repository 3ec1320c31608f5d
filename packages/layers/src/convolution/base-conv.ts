import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError, type Variable} from '@keratin/core';
import {convolve, perAxis, show} from '@keratin/core/internal';
import {fusedActivation} from '../activations/fused.js';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import {KERNEL_OPTIONS, type KernelOptions} from '../core/dense.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkChoice, checkCount} from '../layer/arguments.js';
import {type DataFormat, dataFormatOf} from '../layer/data-format.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {windowOutput} from './window.js';

/** A number for all spatial axes, or one for each. */
export type PerAxis<T extends readonly number[]> = number | T;

/** Options of convolutions; `A` has one number for each spatial axis, `P` are the paddings. */
export interface ConvOptions<A extends readonly number[], P extends string = 'valid' | 'same'> extends KernelOptions {
  /** Steps of the window. Default 1. */
  strides?: PerAxis<A> | undefined;
  /** `'valid'` takes whole windows only, `'same'` pads with zeros so that stride 1 keeps the size. Default `'valid'`. */
  padding?: P | undefined;
  /** Default `'channels_last'`. */
  dataFormat?: DataFormat | undefined;
  /** Distance between the elements of a window. Default 1; above 1 only with strides 1. */
  dilationRate?: PerAxis<A> | undefined;
  /** Groups of channels that are convolved on their own. Default 1. */
  groups?: number | undefined;
}

const OPTIONS = [...KERNEL_OPTIONS, 'strides', 'padding', 'dataFormat', 'dilationRate', 'groups'] as const;

type Padding = 'valid' | 'same' | 'causal';

/** Base of the convolutions over one, two or three spatial axes. */
export abstract class BaseConv extends Layer {
  static override readonly positional = ['filters', 'kernelSize'];
  readonly rank: number;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly groups: number;
  readonly activation: activations.ActivationFunction;
  readonly useBias: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  declare kernel: Variable;
  declare bias: Variable | null;

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvOptions<readonly number[], Padding>,
  ) {
    super(options, OPTIONS);
    this.rank = rank;
    this.filters = checkCount(where, 'filters', filters);
    this.groups = checkCount(where, 'groups', options.groups ?? 1);
    this.kernelSize = perAxis(where, 'kernelSize', kernelSize, rank);
    this.strides = perAxis(where, 'strides', options.strides ?? 1, rank);
    this.dilationRate = perAxis(where, 'dilationRate', options.dilationRate ?? 1, rank);
    const paddings = rank === 1 ? (['valid', 'same', 'causal'] as const) : (['valid', 'same'] as const);
    this.padding = checkChoice<Padding>(where, 'padding', options.padding ?? 'valid', paddings);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.activation = activations.get(options.activation);
    this.useBias = checkBoolean(where, 'useBias', options.useBias ?? true);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.inputSpec = {ndim: rank + 2};
    if (this.filters % this.groups !== 0) {
      throw new ValueError(
        `${where}: filters must divide into groups, got filters ${String(filters)} and groups ${String(this.groups)}`,
      );
    }
    if (this.strides.some((n) => n > 1) && this.dilationRate.some((n) => n > 1)) {
      throw new ValueError(
        `${where}: strides above 1 and dilationRate above 1 cannot be combined, got ${show(this.strides)} and ${show(this.dilationRate)}`,
      );
    }
  }

  private get channelAxis(): number {
    return this.dataFormat === 'channels_last' ? this.rank + 1 : 1;
  }

  override build(inputShape: Shape): void {
    const channels = inputShape[this.channelAxis] ?? null;
    if (channels === null || channels % this.groups !== 0) {
      throw new ShapeError(
        `${this.path}: the channels (axis ${String(this.channelAxis)}) must be known and divide into ${String(this.groups)} groups, got inputs ${show(inputShape)}`,
      );
    }
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [...this.kernelSize, channels / this.groups, this.filters],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.bias = this.useBias
      ? this.addWeight({
          name: 'bias',
          shape: [this.filters],
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
    this.inputSpec = {ndim: this.rank + 2, axes: {[this.channelAxis]: channels}};
    super.build(inputShape);
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    // Half types are storage: the kernels compute in single precision.
    const half = x.dtype === 'float16' || x.dtype === 'bfloat16';
    const inputs = half ? ops.cast(x, 'float32') : x;
    const fused = this.bias === null ? null : fusedActivation(this.activation);
    const y = convolve(
      this.padding === 'causal' ? this.padBefore(inputs) : inputs,
      this.kernel,
      this.bias,
      fused ?? 'linear',
      {
        strides: this.strides,
        padding: this.padding === 'causal' ? 'valid' : this.padding,
        dataFormat: this.dataFormat,
        dilationRate: this.dilationRate,
      },
      this.path,
    );
    const z = half ? ops.cast(y, x.dtype) : y;
    return fused === null ? this.activation(z) : z;
  }

  // So that no output sees later steps.
  private padBefore(x: Tensor): Tensor {
    const before = ((this.kernelSize[0] ?? 1) - 1) * (this.dilationRate[0] ?? 1);
    const steps = this.dataFormat === 'channels_last' ? 1 : 2;
    return ops.pad(
      x,
      x.shape.map((_, axis): readonly [number, number] => (axis === steps ? [before, 0] : [0, 0])),
    );
  }

  override computeOutputShape(inputShape: Shape): Shape {
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
    const batch = inputShape[0] ?? null;
    return this.dataFormat === 'channels_last' ? [batch, ...spatial, this.filters] : [batch, this.filters, ...spatial];
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
      groups: this.groups,
      activation: activations.serialize(this.activation),
      use_bias: this.useBias,
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      bias_initializer: initializers.serialize(this.biasInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      bias_regularizer: regularizers.serialize(this.biasRegularizer),
      activity_regularizer: regularizers.serialize(this.activityRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
      bias_constraint: constraints.serialize(this.biasConstraint),
    };
  }
}
