import {type Config, type DType, ops, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe, show} from '@keratin/core/internal';
import {Initializer} from './initializer.js';

/** All zeros. */
export class Zeros extends Initializer {
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions('Zeros', options, []);
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return ops.zeros(shape, dtype) as Tensor;
  }
}

/** All ones. */
export class Ones extends Initializer {
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions('Ones', options, []);
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return ops.ones(shape, dtype) as Tensor;
  }
}

/** Options of {@link Constant}. */
export interface ConstantOptions {
  /** Default 0. */
  value?: number | undefined;
}

/** One number throughout: `new Constant(0.5)`. */
export class Constant extends Initializer {
  readonly value: number;

  constructor(options: number | ConstantOptions = {}) {
    super();
    if (typeof options !== 'number') checkOptions('Constant', options, ['value']);
    const value = typeof options === 'number' ? options : (options.value ?? 0);
    if (typeof value !== 'number') throw new ValueError(`Constant: value must be a number, got ${describe(value)}`);
    this.value = value;
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    return ops.full(shape, this.value, dtype) as Tensor;
  }
  override getConfig(): Config {
    return {value: this.value};
  }
}

/** Options of {@link Identity}. */
export interface IdentityOptions {
  /** What stands on the diagonal. Default 1. */
  gain?: number | undefined;
}

/** Ones (or `gain`) on the diagonal of a matrix, zeros elsewhere. For rank 2 only. */
export class Identity extends Initializer {
  readonly gain: number;

  constructor(options: IdentityOptions = {}) {
    super();
    checkOptions('Identity', options, ['gain']);
    this.gain = options.gain ?? 1;
    if (typeof this.gain !== 'number') {
      throw new ValueError(`Identity: gain must be a number, got ${describe(this.gain)}`);
    }
  }
  override call(shape: readonly number[], dtype: DType | undefined): Tensor {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined || shape.length !== 2) {
      throw new ShapeError(`Identity: the initializer needs a shape of rank 2, got ${show(shape)}`);
    }
    return ops.eye(rows, columns, {dtype}).mul(this.gain);
  }
  // Keras leaves the gain out, and so loses it; it reads it where it is there.
  override getConfig(): Config {
    return this.gain === 1 ? {} : {gain: this.gain};
  }
}
