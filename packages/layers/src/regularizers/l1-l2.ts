import {type Config, ops, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {Regularizer} from './regularizer.js';

function factor(where: string, name: string, value: unknown, fallback: number): number {
  const given = value ?? fallback;
  if (typeof given !== 'number' || !Number.isFinite(given) || given < 0) {
    throw new ValueError(`${where}: ${name} must be a number that is not negative, got ${describe(given)}`);
  }
  return given;
}

/** Options of {@link L1}. */
export interface L1Options {
  /** Default 0.01. */
  l1?: number | null | undefined;
}

/** l1 * sum(|x|): `new L1(0.01)`. */
export class L1 extends Regularizer {
  readonly l1: number;

  constructor(options: number | L1Options = {}) {
    super();
    if (typeof options !== 'number') checkOptions('L1', options, ['l1']);
    this.l1 = factor('L1', 'l1', typeof options === 'number' ? options : options.l1, 0.01);
  }
  override call(x: Tensor): Tensor {
    return ops.sum(ops.abs(x)).mul(this.l1);
  }
  // Keras holds it as float32.
  override getConfig(): Config {
    return {l1: Math.fround(this.l1)};
  }
}

/** Options of {@link L2}. */
export interface L2Options {
  /** Default 0.01. */
  l2?: number | null | undefined;
}

/** l2 * sum(x^2): `new L2(0.01)`. */
export class L2 extends Regularizer {
  readonly l2: number;

  constructor(options: number | L2Options = {}) {
    super();
    if (typeof options !== 'number') checkOptions('L2', options, ['l2']);
    this.l2 = factor('L2', 'l2', typeof options === 'number' ? options : options.l2, 0.01);
  }
  override call(x: Tensor): Tensor {
    return ops.sum(ops.square(x)).mul(this.l2);
  }
  override getConfig(): Config {
    return {l2: this.l2};
  }
}

/** Options of {@link L1L2}. */
export interface L1L2Options {
  /** Default 0. */
  l1?: number | null | undefined;
  /** Default 0. */
  l2?: number | null | undefined;
}

/** l1 * sum(|x|) + l2 * sum(x^2): `new L1L2({l1: 0.01, l2: 0.01})`, `new L1L2(0.01, 0.01)`. */
export class L1L2 extends Regularizer {
  readonly l1: number;
  readonly l2: number;

  constructor(options: number | L1L2Options = {}, second?: number) {
    super();
    const given: L1L2Options = typeof options === 'number' ? {l1: options, l2: second} : options;
    checkOptions('L1L2', given, ['l1', 'l2']);
    this.l1 = factor('L1L2', 'l1', given.l1, 0);
    this.l2 = factor('L1L2', 'l2', given.l2, 0);
  }
  override call(x: Tensor): Tensor {
    const terms: Tensor[] = [];
    if (this.l1 !== 0) terms.push(ops.sum(ops.abs(x)).mul(this.l1));
    if (this.l2 !== 0) terms.push(ops.sum(ops.square(x)).mul(this.l2));
    return terms.length === 0 ? ops.sum(x).mul(0) : ops.addN(terms);
  }
  override getConfig(): Config {
    return {l1: this.l1, l2: this.l2};
  }
}
