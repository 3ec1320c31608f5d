import {
  type Config,
  NotBuiltError,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {dense, isConcrete, isFloating, show} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';
import {checkBoolean, checkCount, checkNumber} from '../layer/arguments.js';
import {noteStructureChange} from '../layer/structure.js';
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
  /** A penalty on the kernel, added to the losses. Default: none. */
  kernelRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** A penalty on the bias. Default: none. */
  biasRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the kernel may be after a step. Default: anything. */
  kernelConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** What the bias may be after a step. Default: anything. */
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
export interface DenseOptions extends KernelOptions {
  /** Trains a product of two matrices of this rank beside a frozen kernel: see {@link Dense.enableLora}. Default: none. */
  loraRank?: number | null | undefined;
  /** That product is multiplied by loraAlpha / loraRank. Default: `loraRank`. */
  loraAlpha?: number | null | undefined;
}

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
  declare loraKernelA: Variable | null;
  declare loraKernelB: Variable | null;
  #loraRank: number | null;
  #loraAlpha: number | null;

  /**
   * @param units size of the output's last axis
   * @throws ValueError where `units` is no positive integer
   */
  constructor(units: number, options: DenseOptions = {}) {
    super(options, [...KERNEL_OPTIONS, 'loraRank', 'loraAlpha', 'quantizationConfig']);
    this.units = checkCount('Dense', 'units', units);
    this.activation = activations.get(options.activation);
    this.useBias = checkBoolean('Dense', 'useBias', options.useBias ?? true);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    const {loraRank, loraAlpha} = options;
    this.#loraRank = loraRank === undefined || loraRank === null ? null : checkCount('Dense', 'loraRank', loraRank);
    this.#loraAlpha =
      loraAlpha === undefined || loraAlpha === null ? null : checkNumber('Dense', 'loraAlpha', loraAlpha);
    this.loraKernelA = null;
    this.loraKernelB = null;
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
    if (this.#loraRank !== null) this.enableLora(this.#loraRank, {alpha: this.#loraAlpha});
  }

  /**
   * Freezes the kernel and trains two small matrices beside it: the layer uses kernel + (alpha / rank) A B
   * (Hu et al., "LoRA", 2021).
   * @throws NotBuiltError where the layer is not built
   */
  enableLora(rank: number, options: {alpha?: number | null | undefined} = {}): void {
    const where = `${this.path}.enableLora`;
    if (!this.built) throw new NotBuiltError(`${where}: the layer has no kernel yet; call it or use build(inputShape)`);
    if (this.loraKernelA !== null) throw new ValueError(`${where}: it is enabled already`);
    if (this.kernelConstraint !== null) throw new ValueError(`${where}: it does not go with a kernelConstraint`);
    this.#loraRank = checkCount(where, 'rank', rank);
    this.#loraAlpha = options.alpha ?? rank;
    this.withNewWeights(() => {
      this.loraKernelA = this.addWeight({
        name: 'lora_kernel_a',
        shape: [this.kernel.dim(0), rank],
        initializer: 'he_uniform',
        dtype: 'float32',
        regularizer: this.kernelRegularizer,
      });
      this.loraKernelB = this.addWeight({
        name: 'lora_kernel_b',
        shape: [rank, this.units],
        initializer: 'zeros',
        dtype: 'float32',
        regularizer: this.kernelRegularizer,
      });
    });
    this.kernel.trainable = false;
    noteStructureChange();
  }

  /** The matrix that inputs are multiplied by. */
  private effectiveKernel(): Tensor {
    const kernel = this.inComputeDtype(this.kernel);
    if (this.loraKernelA === null || this.loraKernelB === null) return kernel;
    const scale = (this.#loraAlpha ?? 1) / (this.#loraRank ?? 1);
    return kernel.add(this.inComputeDtype(this.loraKernelA).matmul(this.inComputeDtype(this.loraKernelB)).mul(scale));
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
      ...(this.#loraRank === null ? {} : {lora_rank: this.#loraRank, lora_alpha: this.#loraAlpha ?? this.#loraRank}),
    };
  }
}
