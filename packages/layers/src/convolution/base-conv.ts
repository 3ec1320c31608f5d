import {type Config, ops, type Shape, type Tensor, ValueError, type Variable} from '@keratin/core';
import {convolve} from '@keratin/core/internal';
import {fusedActivation} from '../activations/fused.js';
import * as constraints from '../constraints/index.js';
import {KERNEL_OPTIONS, type KernelOptions} from '../core/dense.js';
import * as initializers from '../initializers/index.js';
import {checkCount} from '../layer/arguments.js';
import {type CallOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {type Padding, WindowLayer, type WindowOptions} from './window-layer.js';

export type {PerAxis} from './window-layer.js';

/** Options of convolutions; `A` has one number for each spatial axis, `P` are the paddings. */
export interface ConvOptions<A extends readonly number[], P extends string = 'valid' | 'same'>
  extends KernelOptions, WindowOptions<A, P> {
  /** Groups of channels that are convolved on their own. Default 1. */
  groups?: number | undefined;
}

/** Base of the convolutions over one, two or three spatial axes. */
export abstract class BaseConv extends WindowLayer {
  static override readonly positional = ['filters', 'kernelSize'];
  readonly filters: number;
  readonly groups: number;
  readonly kernelInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  declare kernel: Variable;

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvOptions<readonly number[], Padding>,
  ) {
    const paddings = rank === 1 ? (['valid', 'same', 'causal'] as const) : (['valid', 'same'] as const);
    super(where, rank, kernelSize, options, [...KERNEL_OPTIONS, 'groups'], paddings);
    this.refuseStridesWithDilation(where);
    this.filters = checkCount(where, 'filters', filters);
    this.groups = checkCount(where, 'groups', options.groups ?? 1);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    if (this.filters % this.groups !== 0) {
      throw new ValueError(
        `${where}: filters must divide into groups, got filters ${String(filters)} and groups ${String(this.groups)}`,
      );
    }
  }

  override build(inputShape: Shape): void {
    const channels = this.channelsOf(inputShape, this.groups);
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [...this.kernelSize, channels / this.groups, this.filters],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.finishBuild(inputShape, channels, this.filters);
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    const fused = this.bias === null ? null : fusedActivation(this.activation);
    const z = this.inFull(x, (inputs) =>
      convolve(
        this.padding === 'causal' ? this.padBefore(inputs) : inputs,
        this.weightFor(inputs, this.kernel),
        this.bias === null ? null : this.weightFor(inputs, this.bias),
        fused ?? 'linear',
        {
          strides: this.strides,
          padding: this.padding === 'causal' ? 'valid' : this.padding,
          dataFormat: this.dataFormat,
          dilationRate: this.dilationRate,
        },
        this.path,
      ),
    );
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
    return this.windowShape(inputShape, this.filters);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      ...this.windowConfig(),
      groups: this.groups,
      ...this.outputConfig(),
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
    };
  }
}
