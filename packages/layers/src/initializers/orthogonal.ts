import {type Config, config, type DType, ops, random, ShapeError, tensor, type Tensor} from '@keratin/core';
import {checkOptions, show} from '@keratin/core/internal';
import {checkNumbers, RandomInitializer, type RandomInitializerOptions} from './random.js';

/** Options of {@link Orthogonal}. */
export interface OrthogonalOptions extends RandomInitializerOptions {
  /** Multiplies the matrix. Default 1. */
  gain?: number | undefined;
}

/**
 * A random matrix with orthonormal columns (rows where it is wide), times `gain`; higher ranks are that matrix of
 * (product of all sizes but the last, last size), reshaped (Saxe et al., 2013).
 */
export class Orthogonal extends RandomInitializer {
  readonly gain: number;

  constructor(options: OrthogonalOptions = {}) {
    checkOptions('Orthogonal', options, ['gain', 'seed']);
    super('Orthogonal', options.seed);
    this.gain = options.gain ?? 1;
    checkNumbers('Orthogonal', {gain: this.gain});
  }

  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    if (shape.length < 2) {
      throw new ShapeError(`Orthogonal: the initializer needs a shape of rank 2 or more, got ${show(shape)}`);
    }
    const columns = shape.at(-1) ?? 1;
    const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const [tall, narrow] = [Math.max(rows, columns), Math.min(rows, columns)];
    const values = random.normal([tall, narrow], {dtype: 'float64', seed: this.seed}).data();
    const q = orthonormalColumns(Float64Array.from(values), tall, narrow);
    const matrix = tensor(q, {shape: [tall, narrow]});
    const placed = rows < columns ? matrix.transpose() : matrix;
    return ops.cast(placed.reshape(shape).mul(this.gain), dtype ?? config.floatx());
  }

  override getConfig(): Config {
    return {...super.getConfig(), gain: this.gain};
  }
}

/**
 * Q of the QR decomposition with a positive diagonal of R, by Householder reflections: column k of the result is what the reflections
 * make of unit vector k, with the sign of R's diagonal.
 */
function orthonormalColumns(a: Float64Array, rows: number, columns: number): Float64Array {
  // Row-major; reflector k lies below the diagonal of column k, and its own head beside.
  const heads = new Float64Array(columns);
  const signs = new Float64Array(columns);
  const scales = new Float64Array(columns);
  const at = (i: number, j: number) => a[i * columns + j] ?? 0;
  const sums = new Float64Array(columns);
  // Applies reflector k to columns [from, columns) of `m`, walking rows.
  const reflect = (m: Float64Array, k: number, from: number): void => {
    const head = heads[k] ?? 0;
    const scale = scales[k] ?? 0;
    for (let j = from; j < columns; j++) sums[j] = head * (m[k * columns + j] ?? 0);
    for (let i = k + 1; i < rows; i++) {
      const v = at(i, k);
      for (let j = from; j < columns; j++) sums[j] = (sums[j] ?? 0) + v * (m[i * columns + j] ?? 0);
    }
    for (let j = from; j < columns; j++) sums[j] = (sums[j] ?? 0) * scale;
    for (let j = from; j < columns; j++) m[k * columns + j] = (m[k * columns + j] ?? 0) - head * (sums[j] ?? 0);
    for (let i = k + 1; i < rows; i++) {
      const v = at(i, k);
      for (let j = from; j < columns; j++) {
        m[i * columns + j] = (m[i * columns + j] ?? 0) - v * (sums[j] ?? 0);
      }
    }
  };
  for (let k = 0; k < columns; k++) {
    let norm = 0;
    for (let i = k; i < rows; i++) norm += at(i, k) ** 2;
    norm = Math.sqrt(norm);
    const x = at(k, k);
    const alpha = x > 0 ? -norm : norm;
    heads[k] = x - alpha;
    signs[k] = alpha < 0 ? -1 : 1;
    const length = norm * (norm + Math.abs(x));
    scales[k] = length === 0 ? 0 : 1 / length;
    reflect(a, k, k + 1);
  }
  const q = new Float64Array(rows * columns);
  for (let k = 0; k < columns; k++) q[k * columns + k] = 1;
  for (let k = columns - 1; k >= 0; k--) reflect(q, k, 0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) q[i * columns + j] = (q[i * columns + j] ?? 0) * (signs[j] ?? 1);
  }
  return q;
}
