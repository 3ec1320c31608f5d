import {type Config, ops, type Shape, type Tensor, type Variable} from '@keratin/core';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkCount} from '../layer/arguments.js';
import * as regularizers from '../regularizers/index.js';
import {DEPTHWISE_OPTIONS, type DepthwiseConvOptions} from './base-depthwise-conv.js';
import {WindowLayer} from './window-layer.js';

/** Options of separable convolutions; `A` has one number for each spatial axis. */
export interface SeparableConvOptions<A extends readonly number[]> extends DepthwiseConvOptions<A> {
  /** Default `'glorot_uniform'`. */
  pointwiseInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the kernel that mixes channels. Default: none. */
  pointwiseRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the kernel that mixes channels may be after a step. Default: anything. */
  pointwiseConstraint?: constraints.ConstraintIdentifier | null | undefined;
}

const OPTIONS = [...DEPTHWISE_OPTIONS, 'pointwiseInitializer', 'pointwiseRegularizer', 'pointwiseConstraint'] as const;

/** Base of the convolutions of each channel by itself, followed by a mix of the channels. */
export abstract class BaseSeparableConv extends WindowLayer {
  static override readonly positional = ['filters', 'kernelSize'];
  readonly filters: number;
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: initializers.Initializer;
  readonly pointwiseInitializer: initializers.Initializer;
  readonly depthwiseRegularizer: regularizers.Regularizer | null;
  readonly pointwiseRegularizer: regularizers.Regularizer | null;
  readonly depthwiseConstraint: constraints.Constraint | null;
  readonly pointwiseConstraint: constraints.Constraint | null;
  declare depthwiseKernel: Variable;
  declare pointwiseKernel: Variable;

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: SeparableConvOptions<readonly number[]>,
  ) {
    super(where, rank, kernelSize, options, OPTIONS);
    this.filters = checkCount(where, 'filters', filters);
    this.depthMultiplier = checkCount(where, 'depthMultiplier', options.depthMultiplier ?? 1);
    this.depthwiseInitializer = initializers.get(options.depthwiseInitializer ?? 'glorot_uniform');
    this.pointwiseInitializer = initializers.get(options.pointwiseInitializer ?? 'glorot_uniform');
    this.depthwiseRegularizer = regularizers.get(options.depthwiseRegularizer);
    this.pointwiseRegularizer = regularizers.get(options.pointwiseRegularizer);
    this.depthwiseConstraint = constraints.get(options.depthwiseConstraint);
    this.pointwiseConstraint = constraints.get(options.pointwiseConstraint);
  }

  override build(inputShape: Shape): void {
    const channels = this.channelsOf(inputShape);
    this.computeOutputShape(inputShape);
    this.depthwiseKernel = this.addWeight({
      name: 'depthwise_kernel',
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    this.pointwiseKernel = this.addWeight({
      name: 'pointwise_kernel',
      shape: [...this.kernelSize.map(() => 1), channels * this.depthMultiplier, this.filters],
      initializer: this.pointwiseInitializer,
      regularizer: this.pointwiseRegularizer,
      constraint: this.pointwiseConstraint,
    });
    this.finishBuild(inputShape, channels, this.filters);
  }

  override call(x: Tensor): Tensor {
    const {strides, dilationRate, dataFormat} = this;
    const padding = this.padding === 'same' ? 'same' : 'valid';
    return this.inFull(x, (inputs) => {
      const kernels = [this.depthwiseKernel, this.pointwiseKernel].map((weight) => this.weightFor(inputs, weight));
      const [deep = inputs, mix = inputs] = kernels;
      return this.activate(ops.separableConv(inputs, deep, mix, {strides, padding, dilationRate, dataFormat}));
    });
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.windowShape(inputShape, this.filters);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depth_multiplier: this.depthMultiplier,
      filters: this.filters,
      ...this.windowConfig(),
      ...this.outputConfig(),
      depthwise_initializer: initializers.serialize(this.depthwiseInitializer),
      pointwise_initializer: initializers.serialize(this.pointwiseInitializer),
      depthwise_regularizer: regularizers.serialize(this.depthwiseRegularizer),
      pointwise_regularizer: regularizers.serialize(this.pointwiseRegularizer),
      depthwise_constraint: constraints.serialize(this.depthwiseConstraint),
      pointwise_constraint: constraints.serialize(this.pointwiseConstraint),
    };
  }
}
