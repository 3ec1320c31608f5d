import {type Config, ops, type Shape, ShapeError, type Tensor} from '@keratin/core';
import {dense, isConcrete, isFloating, show} from '@keratin/core/internal';
import {fusedActivation} from '../activations/fused.js';
import {checkBoolean, checkCount} from '../layer/arguments.js';
import {type CallOptions} from '../layer/types.js';
import {KernelLayer, type KernelLayerOptions, type LoraOptions} from './kernel-layer.js';

/** Options of layers with a kernel and a bias. */
export interface KernelOptions extends KernelLayerOptions {
  /** Whether a bias is added. Default true. */
  useBias?: boolean | undefined;
}

/** Names of {@link KernelOptions} beside those of every layer. */
export const KERNEL_OPTIONS = [
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
] as const;

/** Options of {@link Dense}. */
export interface DenseOptions extends KernelOptions, LoraOptions {}

/**
 * activation(x kernel + bias) over the last axis: inputs of shape (batch, ..., n) give (batch, ..., units).
 * Weights: kernel (n, units), bias (units).
 *
 * @example
 * const y = new layers.Dense(512, {activation: 'relu'})(ops.ones([128, 784]));
 */
export class Dense extends KernelLayer {
  static override readonly positional = ['units'];
  readonly units: number;
  readonly useBias: boolean;

  /**
   * @param units size of the output's last axis
   * @throws ValueError where `units` is no positive integer
   */
  constructor(units: number, options: DenseOptions = {}) {
    super('Dense', options, ['useBias']);
    this.units = checkCount('Dense', 'units', units);
    this.useBias = checkBoolean('Dense', 'useBias', options.useBias ?? true);
    this.supportsMasking = true;
    this.inputSpec = {minNdim: 2};
  }

  override build(inputShape: Shape): void {
    const features = inputShape.at(-1) ?? null;
    if (features === null) {
      throw new ShapeError(`${this.path}: the last axis of the inputs must be known, got inputs ${show(inputShape)}`);
    }
    this.addKernel([features, this.units]);
    this.addBias(this.useBias ? [this.units] : null);
    this.inputSpec = {minNdim: 2, axes: {[-1]: features}};
    super.build(inputShape);
    this.finishLora();
  }

  override call(inputs: Tensor, _options: CallOptions): Tensor {
    const kernel = this.effectiveKernel();
    // Integers are the one thing that Keras converts here too.
    const x = isFloating(inputs.dtype) ? inputs : ops.cast(inputs, this.computeDtype);
    // One product over all rows is what the kernels are fastest at.
    const rows = x.ndim > 2 && isConcrete(x.shape) ? x.reshape([-1, x.dim(-1)]) : x;
    const shaped = (y: Tensor) =>
      rows === x ? y : y.reshape([...x.shape.slice(0, -1).map((n) => n ?? -1), this.units]);
    if (this.bias === null) return this.activation(shaped(rows.matmul(kernel)));
    const bias = this.inComputeDtype(this.bias);
    const fused = fusedActivation(this.activation);
    if (fused !== null) return shaped(dense(rows, kernel, bias, fused, this.path));
    return this.activation(shaped(dense(rows, kernel, bias, 'linear', this.path)));
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return [...inputShape.slice(0, -1), this.units];
  }

  override getConfig(): Config {
    return {...super.getConfig(), units: this.units, use_bias: this.useBias, ...this.kernelConfig()};
  }
}
