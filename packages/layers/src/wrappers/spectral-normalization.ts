import {type Config, ops, type Shape, type Tensor, ValueError, Variable} from '@keratin/core';
import {isSymbolic} from '@keratin/core/internal';
import {TruncatedNormal} from '../initializers/random.js';
import {checkCount} from '../layer/arguments.js';
import {type AnyLayer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {Wrapper} from './wrapper.js';

/** Options of {@link SpectralNormalization}. */
export interface SpectralNormalizationOptions extends LayerOptions {
  /** How often the largest singular value is refined in each training call. Default 1. */
  powerIterations?: number | undefined;
}

/**
 * Divides the kernel of a layer by its largest singular value in each training call, found by power iteration (Miyato et al., 2018).
 * Weights: those of the layer, and vector_u (1, last size of the kernel).
 */
export class SpectralNormalization extends Wrapper {
  readonly powerIterations: number;
  /** The layer's own kernel or embeddings. */
  declare kernel: Variable;
  declare vectorU: Variable;

  /** @param layer one with a `kernel` or `embeddings` */
  constructor(layer: AnyLayer, options: SpectralNormalizationOptions = {}) {
    super(layer, options, ['powerIterations']);
    this.powerIterations = checkCount('SpectralNormalization', 'powerIterations', options.powerIterations ?? 1);
  }

  private kernelOf(): Variable {
    const {kernel, embeddings} = this.layer as {readonly kernel?: unknown; readonly embeddings?: unknown};
    const found = kernel ?? embeddings;
    if (found instanceof Variable) return found as Variable;
    throw new ValueError(`${this.path}: layer "${this.layer.name}" has neither a kernel nor embeddings`);
  }

  override build(inputShape: Shape): void {
    super.build(inputShape);
    const kernel = this.kernelOf();
    this.kernel = kernel;
    this.inputSpec = {minNdim: 1, axes: lastAxis(inputShape)};
    this.vectorU = this.addWeight({
      name: 'vector_u',
      shape: [1, kernel.dim(-1)],
      initializer: new TruncatedNormal({stddev: 0.02}),
      trainable: false,
      dtype: kernel.dtype,
    });
  }

  override call(x: Tensor, {training}: CallOptions): Tensor {
    if (training === true && !isSymbolic(x)) this.normalizeKernel();
    return ops.cast(this.layer(x), x.dtype);
  }

  private normalizeKernel(): void {
    const {kernel} = this;
    // A kernel of zeros has no singular vectors.
    if (ops.all(kernel.equal(0)).item()) return;
    const weights = kernel.reshape([-1, kernel.dim(-1)]);
    let u: Tensor = this.vectorU;
    let v: Tensor = u;
    for (let i = 0; i < this.powerIterations; i++) {
      v = ops.normalize(u.matmul(weights.transpose()), {axis: [0, 1]});
      u = ops.normalize(v.matmul(weights), {axis: [0, 1]});
    }
    u = ops.stopGradient(u);
    const sigma = ops.stopGradient(v).matmul(weights).matmul(u.transpose());
    const normalized = kernel.div(sigma.reshape([])).reshape(kernel.shape.map((n) => n ?? 1));
    this.vectorU.assign(u);
    kernel.assign(normalized);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return this.layer.computeOutputShape(inputShape);
  }

  override getConfig(): Config {
    return {...super.getConfig(), power_iterations: this.powerIterations};
  }
}

function lastAxis(shape: Shape): Record<number, number> {
  const size = shape.at(-1) ?? null;
  return size === null ? {} : {[-1]: size};
}
