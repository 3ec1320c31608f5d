import {type Config, NotBuiltError, type Tensor, ValueError, type Variable} from '@keratin/core';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkCount, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {noteStructureChange} from '../layer/structure.js';
import {type LayerOptions} from '../layer/types.js';
import * as regularizers from '../regularizers/index.js';

/** Options of layers with a kernel and a bias, but for whether there is a bias. */
export interface KernelLayerOptions extends LayerOptions {
  /** Applied to the outputs. Default: none. */
  activation?: activations.Activation | null | undefined;
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

/** Options of the products with a trained matrix. */
export interface LoraOptions {
  /** Trains a product of two matrices of this rank beside a frozen kernel: see {@link KernelLayer.enableLora}. Default: none. */
  loraRank?: number | null | undefined;
  /** That product is multiplied by loraAlpha / loraRank. Default: `loraRank`. */
  loraAlpha?: number | null | undefined;
}

const OPTIONS = [
  'activation',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
  'loraRank',
  'loraAlpha',
  'quantizationConfig',
] as const;

/** Base of the layers that multiply by a trained kernel: `Dense` and `EinsumDense`. */
export abstract class KernelLayer extends Layer {
  readonly activation: activations.ActivationFunction;
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

  constructor(where: string, options: KernelLayerOptions & LoraOptions, ownOptions: readonly string[]) {
    super(options, [...OPTIONS, ...ownOptions]);
    this.activation = activations.get(options.activation);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    const {loraRank, loraAlpha} = options;
    this.#loraRank = loraRank === undefined || loraRank === null ? null : checkCount(where, 'loraRank', loraRank);
    this.#loraAlpha = loraAlpha === undefined || loraAlpha === null ? null : checkNumber(where, 'loraAlpha', loraAlpha);
    this.loraKernelA = null;
    this.loraKernelB = null;
  }

  protected addKernel(shape: readonly number[], initializer = this.kernelInitializer): void {
    this.kernel = this.addWeight({
      name: 'kernel',
      shape,
      initializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
  }

  protected addBias(shape: readonly number[] | null): void {
    this.bias =
      shape === null
        ? null
        : this.addWeight({
            name: 'bias',
            shape,
            initializer: this.biasInitializer,
            regularizer: this.biasRegularizer,
            constraint: this.biasConstraint,
          });
  }

  /** Makes the matrices that the options asked for, once the layer is built. */
  protected finishLora(): void {
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
    const sizes = this.kernel.shape.map(Number);
    this.withNewWeights(() => {
      this.loraKernelA = this.addWeight({
        name: 'lora_kernel_a',
        shape: [...sizes.slice(0, -1), rank],
        initializer: 'he_uniform',
        dtype: 'float32',
        regularizer: this.kernelRegularizer,
      });
      this.loraKernelB = this.addWeight({
        name: 'lora_kernel_b',
        shape: [rank, ...sizes.slice(-1)],
        initializer: 'zeros',
        dtype: 'float32',
        regularizer: this.kernelRegularizer,
      });
    });
    this.kernel.trainable = false;
    noteStructureChange();
  }

  /** What inputs are multiplied by, in the compute dtype. */
  protected effectiveKernel(): Tensor {
    const kernel = this.inComputeDtype(this.kernel);
    if (this.loraKernelA === null || this.loraKernelB === null) return kernel;
    const scale = (this.#loraAlpha ?? 1) / (this.#loraRank ?? 1);
    return kernel.add(this.inComputeDtype(this.loraKernelA).matmul(this.inComputeDtype(this.loraKernelB)).mul(scale));
  }

  /** The part of the config that is about the kernel and what comes after it. */
  protected kernelConfig(): Config {
    return {
      activation: activations.serialize(this.activation),
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
