import {type Config, type Shape, ShapeError, type Tensor, type Variable} from '@keratin/core';
import {dense, isConcrete, show} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {checkBoolean, checkCount} from '../layer/arguments.js';
import {fusedActivation} from '../activations/fused.js';

/** Options of layers with a kernel and a bias. */
export interface KernelOptions extends LayerOptions {
  /** Applied to the outputs. Default: none. */
  activation?: activations.Activation | null | undefined;
  /** Whether a bias is added. Default true. */
  useBias?: boolean | undefined;
  /** Default `'glorot_uniform'`. */
  kernelInitializer?: initializers.InitializerIdentifier | undefined;
  /** Default `'zeros'`. */
  biasInitializer?: initializers.InitializerIdentifier | undefined;
  kernelRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  biasRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  kernelConstraint?: constraints.ConstraintIdentifier | null | undefined;
  biasConstraint?: constraints.ConstraintIdentifier | null | undefined;
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
export type DenseOptions = KernelOptions;

/**
 * activation(x kernel + bias) over the last axis: inputs of shape (batch, ..., n) give (batch, ..., units).
 * Weights: kernel (n, units), bias (units).
 *
 * @example
 * const y = new layers.Dense(512, {activation: 'relu'})(ops.ones([128, 784]));
 */
export class Dense extends Layer {
  static override readonly positional = ['units'];
  readonly units: number;
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

  /**
   * @param units size of the output's last axis
   * @throws ValueError where `units` is no positive integer
   */
  constructor(units: number, options: DenseOptions = {}) {
    super(options, [...KERNEL_OPTIONS, 'quantizationConfig']);
    this.units = checkCount('Dense', 'units', units);
    this.activation = activations.get(options.activation);
    this.useBias = checkBoolean('Dense', 'useBias', options.useBias ?? true);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.supportsMasking = true;
    this.inputSpec = {minNdim: 2};
  }

  override build(inputShape: Shape): void {
    const features = inputShape.at(-1) ?? null;
    if (features === null) {
      throw new ShapeError(`${this.path}: the last axis of the inputs must be known, got inputs ${show(inputShape)}`);
    }
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [features, this.units],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.bias = this.useBias
      ? this.addWeight({
          name: 'bias',
          shape: [this.units],
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
    this.inputSpec = {minNdim: 2, axes: {[-1]: features}};
    super.build(inputShape);
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    const kernel = this.inComputeDtype(this.kernel);
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
    return {
      ...super.getConfig(),
      units: this.units,
      activation: activations.serialize(this.activation),
      use_bias: this.useBias,
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      bias_initializer: initializers.serialize(this.biasInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      bias_regularizer: regularizers.serialize(this.biasRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
      bias_constraint: constraints.serialize(this.biasConstraint),
      quantization_config: null,
    };
  }
}
