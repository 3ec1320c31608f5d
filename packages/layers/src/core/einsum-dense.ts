import {type Config, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {concrete, dense, describe, isConcrete} from '@keratin/core/internal';
import {fusedActivation} from '../activations/fused.js';
import {VarianceScaling} from '../initializers/variance-scaling.js';
import * as regularizers from '../regularizers/index.js';
import {einsumShapes, parseEquation, productAxes} from './einsum-equation.js';
import {KernelLayer, type KernelLayerOptions, type LoraOptions} from './kernel-layer.js';

/** Options of {@link EinsumDense}. */
export interface EinsumDenseOptions extends KernelLayerOptions, LoraOptions {
  /** Letters of the output axes that have a bias, such as `'c'`. Default: no bias. */
  biasAxes?: string | null | undefined;
}

/**
 * activation(einsum(equation, x, kernel) + bias): a dense layer over any axes.
 * Weights: kernel and bias with the sizes that the equation gives them.
 *
 * @example
 * // (batch, time, 16) times (16, 4, 8): 4 heads of 8.
 * const y = new layers.EinsumDense('abc,cde->abde', [null, 4, 8], {biasAxes: 'de'})(ops.ones([2, 5, 16]));
 */
export class EinsumDense extends KernelLayer {
  static override readonly positional = ['equation', 'outputShape'];
  readonly equation: string;
  /** Sizes of the output without the batch; null where the input's is meant. */
  readonly outputShape: Shape;
  readonly biasAxes: string | null;
  readonly #summed: number | null;

  /**
   * @param equation inputs and kernel to outputs: `'ab,bc->ac'`, `'...b,bc->...c'` or `'ab...,bc->ac...'`
   * @param outputShape sizes of the output without the batch and without what `...` stands for
   */
  constructor(equation: string, outputShape: number | Shape, options: EinsumDenseOptions = {}) {
    super('EinsumDense', options, ['biasAxes']);
    if (typeof equation !== 'string') {
      throw new ValueError(`EinsumDense: equation must be a string, got ${describe(equation)}`);
    }
    parseEquation('EinsumDense', equation);
    const sizes: unknown = typeof outputShape === 'number' ? [outputShape] : outputShape;
    const valid = Array.isArray(sizes) && sizes.every((n) => n === null || (Number.isInteger(n) && (n as number) > 0));
    if (!valid) {
      throw new ValueError(
        `EinsumDense: outputShape must be a positive integer or a list of them (null where open), got ${describe(outputShape)}`,
      );
    }
    this.equation = equation;
    this.outputShape = sizes as Shape;
    const {biasAxes = null} = options;
    if (biasAxes !== null && (typeof biasAxes !== 'string' || biasAxes === '')) {
      throw new ValueError(`EinsumDense: biasAxes must be letters of the output, got ${describe(biasAxes)}`);
    }
    this.biasAxes = biasAxes;
    this.#summed = productAxes('EinsumDense', equation, biasAxes);
  }

  private shapesFor(inputShape: Shape) {
    return einsumShapes(this.path, this.equation, this.biasAxes, inputShape, this.outputShape);
  }

  override build(inputShape: Shape): void {
    const {kernel, bias, inputAxes, outputAxes, inputSizes} = this.shapesFor(inputShape);
    this.addKernel(kernel, this.initializerFor(inputAxes, outputAxes));
    this.addBias(bias);
    this.inputSpec = {ndim: inputShape.length, axes: inputSizes};
    super.build(inputShape);
    this.finishLora();
  }

  // The fans follow from the equation, not from the order of the kernel's axes.
  private initializerFor(inputAxes: readonly number[], outputAxes: readonly number[]) {
    const own = this.kernelInitializer;
    return own instanceof VarianceScaling ? own.withAxes(inputAxes, outputAxes) : own;
  }

  override call(x: Tensor): Tensor {
    const kernel = this.effectiveKernel();
    if (this.#summed !== null && isConcrete(x.shape) && x.dtype === kernel.dtype) {
      const sizes = x.shape.slice(-this.#summed);
      if (sizes.every((n, i) => n === kernel.shape[i])) return this.product(x, kernel, sizes.length);
    }
    const y = ops.einsum(this.equation, x, kernel);
    return this.activation(this.bias === null ? y : y.add(this.inComputeDtype(this.bias)));
  }

  // One product over all rows, with its bias: the same in fewer passes over memory.
  private product(x: Tensor, kernel: Tensor, summed: number): Tensor {
    const sizes = (from: Shape): number => from.reduce<number>((total, n) => total * (n ?? 1), 1);
    const [kept, made] = [concrete(x.shape).slice(0, -summed), concrete(kernel.shape).slice(summed)];
    const inner = sizes(kernel.shape.slice(0, summed));
    const [rows, matrix] = [x.reshape([sizes(kept), inner]), kernel.reshape([inner, sizes(made)])];
    const shaped = (y: Tensor): Tensor => y.reshape([...kept, ...made]);
    if (this.bias === null) return this.activation(shaped(rows.matmul(matrix)));
    const bias = this.inComputeDtype(this.bias).reshape([sizes(made)]);
    const fused = fusedActivation(this.activation);
    const y = shaped(dense(rows, matrix, bias, fused ?? 'linear', this.path));
    return fused === null ? this.activation(y) : y;
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.shapesFor(inputShape).output;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      output_shape: [...this.outputShape],
      equation: this.equation,
      bias_axes: this.biasAxes,
      activity_regularizer: regularizers.serialize(this.activityRegularizer),
      ...this.kernelConfig(),
    };
  }
}
