import {type Config, ops, type Shape, type Tensor, type Variable} from '@keratin/core';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkCount} from '../layer/arguments.js';
import * as regularizers from '../regularizers/index.js';
import {WindowLayer, type WindowOptions} from './window-layer.js';

/** Options of convolutions of each channel by itself; `A` has one number for each spatial axis. */
export interface DepthwiseConvOptions<A extends readonly number[]> extends WindowOptions<A> {
  /** How many outputs each channel gives. Default 1. */
  depthMultiplier?: number | undefined;
  /** Default `'glorot_uniform'`. */
  depthwiseInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the kernel. Default: none. */
  depthwiseRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the kernel may be after a step. Default: anything. */
  depthwiseConstraint?: constraints.ConstraintIdentifier | null | undefined;
}

export const DEPTHWISE_OPTIONS = [
  'depthMultiplier',
  'depthwiseInitializer',
  'depthwiseRegularizer',
  'depthwiseConstraint',
] as const;

/** Base of the convolutions of each channel by itself. */
export abstract class BaseDepthwiseConv extends WindowLayer {
  static override readonly positional = ['kernelSize'];
  readonly depthMultiplier: number;
  readonly depthwiseInitializer: initializers.Initializer;
  readonly depthwiseRegularizer: regularizers.Regularizer | null;
  readonly depthwiseConstraint: constraints.Constraint | null;
  declare kernel: Variable;

  constructor(
    where: string,
    rank: number,
    kernelSize: number | readonly number[],
    options: DepthwiseConvOptions<readonly number[]>,
  ) {
    super(where, rank, kernelSize, options, DEPTHWISE_OPTIONS);
    this.depthMultiplier = checkCount(where, 'depthMultiplier', options.depthMultiplier ?? 1);
    this.depthwiseInitializer = initializers.get(options.depthwiseInitializer ?? 'glorot_uniform');
    this.depthwiseRegularizer = regularizers.get(options.depthwiseRegularizer);
    this.depthwiseConstraint = constraints.get(options.depthwiseConstraint);
  }

  override build(inputShape: Shape): void {
    const channels = this.channelsOf(inputShape);
    this.computeOutputShape(inputShape);
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [...this.kernelSize, channels, this.depthMultiplier],
      initializer: this.depthwiseInitializer,
      regularizer: this.depthwiseRegularizer,
      constraint: this.depthwiseConstraint,
    });
    this.finishBuild(inputShape, channels, channels * this.depthMultiplier);
  }

  override call(x: Tensor): Tensor {
    const {strides, dilationRate, dataFormat} = this;
    const padding = this.padding === 'same' ? 'same' : 'valid';
    return this.inFull(x, (inputs) => {
      const kernel = this.weightFor(inputs, this.kernel);
      return this.activate(ops.depthwiseConv(inputs, kernel, {strides, padding, dilationRate, dataFormat}));
    });
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const channels = inputShape[this.channelAxis] ?? null;
    return this.windowShape(inputShape, channels === null ? null : channels * this.depthMultiplier);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      depth_multiplier: this.depthMultiplier,
      ...this.windowConfig(),
      ...this.outputConfig(),
      depthwise_initializer: initializers.serialize(this.depthwiseInitializer),
      depthwise_regularizer: regularizers.serialize(this.depthwiseRegularizer),
      depthwise_constraint: constraints.serialize(this.depthwiseConstraint),
    };
  }
}
