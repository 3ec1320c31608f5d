import {type Config, ops, type Shape, type Tensor, ValueError, type Variable} from '@keratin/core';
import {show, symbolicTensor} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import {KERNEL_OPTIONS, type KernelOptions} from '../core/dense.js';
import * as initializers from '../initializers/index.js';
import {checkCount} from '../layer/arguments.js';
import * as regularizers from '../regularizers/index.js';
import {type PerAxis, WindowLayer, type WindowOptions} from './window-layer.js';

/** Options of transposed convolutions; `A` has one number for each spatial axis. */
export interface ConvTransposeOptions<A extends readonly number[]> extends KernelOptions, WindowOptions<A> {
  /** How much longer the outputs are at their ends; less than `strides`. Default: as much as the padding asks for. */
  outputPadding?: PerAxis<A> | null | undefined;
}

/** Base of the transposed convolutions: what the gradient of a convolution does to its inputs. */
export abstract class BaseConvTranspose extends WindowLayer {
  static override readonly positional = ['filters', 'kernelSize'];
  readonly filters: number;
  readonly outputPadding: readonly number[] | null;
  readonly kernelInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  declare kernel: Variable;

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvTransposeOptions<readonly number[]>,
  ) {
    super(where, rank, kernelSize, options, [...KERNEL_OPTIONS, 'outputPadding']);
    this.refuseStridesWithDilation(where);
    this.filters = checkCount(where, 'filters', filters);
    this.outputPadding = outputPaddingOf(where, options.outputPadding, this.strides);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
  }

  override build(inputShape: Shape): void {
    const channels = this.channelsOf(inputShape);
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [...this.kernelSize, this.filters, channels],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.finishBuild(inputShape, channels, this.filters);
  }

  // `padding` is never causal here.
  private transposed(x: Tensor, kernel: Tensor): Tensor {
    const {strides, outputPadding, dilationRate, dataFormat} = this;
    const padding = this.padding === 'same' ? 'same' : 'valid';
    return ops.convTranspose(x, kernel, {strides, padding, outputPadding, dilationRate, dataFormat});
  }

  override call(x: Tensor): Tensor {
    return this.inFull(x, (inputs) => this.activate(this.transposed(inputs, this.weightFor(inputs, this.kernel))));
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const kernel = [...this.kernelSize, this.filters, inputShape[this.channelAxis] ?? 1];
    const inputs = inputShape.map((n, axis) => (axis === this.channelAxis ? (n ?? 1) : n));
    return this.transposed(
      symbolicTensor({shape: inputs, dtype: 'float32'}),
      symbolicTensor({shape: kernel, dtype: 'float32'}),
    ).shape;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      filters: this.filters,
      ...this.windowConfig(),
      output_padding: this.outputPadding === null ? null : [...this.outputPadding],
      ...this.outputConfig(),
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
    };
  }
}

function outputPaddingOf(where: string, value: unknown, strides: readonly number[]): readonly number[] | null {
  if (value === undefined || value === null) return null;
  const list = typeof value === 'number' ? strides.map(() => value) : value;
  const fits =
    Array.isArray(list) &&
    list.length === strides.length &&
    list.every((n, i) => Number.isInteger(n) && n >= 0 && n < (strides[i] ?? 1));
  if (!fits) {
    throw new ValueError(
      `${where}: outputPadding must be non-negative integers below strides ${show(strides)}, got ${JSON.stringify(value)}`,
    );
  }
  return list as readonly number[];
}
