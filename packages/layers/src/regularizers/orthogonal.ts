import {type Config, ops, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, show} from '@keratin/core/internal';
import {Regularizer} from './regularizer.js';

/** Options of {@link OrthogonalRegularizer}. */
export interface OrthogonalRegularizerOptions {
  /** Default 0.01. */
  factor?: number | undefined;
  /** What should be orthogonal. Default `'rows'`. */
  mode?: 'rows' | 'columns' | undefined;
}

/** factor * mean |cosine| between different rows (or columns) of a matrix. */
export class OrthogonalRegularizer extends Regularizer {
  readonly factor: number;
  readonly mode: 'rows' | 'columns';

  constructor(options: OrthogonalRegularizerOptions = {}) {
    super();
    checkOptions('OrthogonalRegularizer', options, ['factor', 'mode']);
    const {factor = 0.01, mode = 'rows'} = options;
    if (typeof factor !== 'number' || !Number.isFinite(factor) || factor < 0) {
      throw new ValueError(
        `OrthogonalRegularizer: factor must be a number that is not negative, got ${describe(factor)}`,
      );
    }
    if (!['rows', 'columns'].includes(mode)) {
      throw new ValueError(`OrthogonalRegularizer: mode must be 'rows' or 'columns', got ${describe(mode)}`);
    }
    this.factor = factor;
    this.mode = mode;
  }

  override call(x: Tensor): Tensor {
    if (x.ndim !== 2) throw new ShapeError(`OrthogonalRegularizer: a matrix is needed, got shape ${show(x.shape)}`);
    const rows = this.mode === 'rows' ? x : x.transpose();
    const size = rows.dim(0);
    // As Keras normalizes: by the square root of max(sum of squares, 1e-12).
    const unit = rows.mul(ops.maximum(ops.sum(rows.square(), {axis: 1, keepdims: true}), 1e-12).rsqrt());
    const others = unit.matmul(unit.transpose()).mul(ops.eye(size, size, {dtype: x.dtype}).neg().add(1));
    const pairs = (size * (size - 1)) / 2;
    return ops.sum(ops.abs(others)).mul((this.factor * 0.5) / pairs);
  }

  // Keras holds it as float32.
  override getConfig(): Config {
    return {factor: Math.fround(this.factor), mode: this.mode};
  }
}
