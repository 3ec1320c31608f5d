import {type Config, config, ops, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {Constraint} from './constraint.js';

/** Axes that a norm is taken over. */
export type NormAxis = number | readonly number[];

const norms = (w: Tensor, axis: NormAxis): Tensor => ops.sqrt(ops.sum(ops.square(w), {axis, keepdims: true}));

function checkNumber(where: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ValueError(`${where}: ${name} must be a finite number, got ${describe(value)}`);
}

function checkAxis(where: string, axis: unknown): NormAxis {
  const list = [axis].flat();
  if (list.length > 0 && list.every(Number.isInteger)) return axis as NormAxis;
  throw new ValueError(`${where}: axis must be an integer or a list of them, got ${describe(axis)}`);
}

/** Options of {@link MaxNorm}. */
export interface MaxNormOptions {
  /** Default 2. */
  maxValue?: number | undefined;
  /** Default 0: each column of a dense kernel has its own norm. */
  axis?: NormAxis | undefined;
}

/** Weights whose norm is above `maxValue` are scaled down to it: `new MaxNorm(3)`. */
export class MaxNorm extends Constraint {
  readonly maxValue: number;
  readonly axis: NormAxis;

  constructor(options: number | MaxNormOptions = {}) {
    super();
    const given: MaxNormOptions = typeof options === 'number' ? {maxValue: options} : options;
    checkOptions('MaxNorm', given, ['maxValue', 'axis']);
    this.maxValue = checkNumber('MaxNorm', 'maxValue', given.maxValue ?? 2);
    this.axis = checkAxis('MaxNorm', given.axis ?? 0);
  }
  override call(w: Tensor): Tensor {
    const n = norms(w, this.axis);
    return w.mul(ops.clip(n, 0, this.maxValue).div(n.add(config.epsilon())));
  }
  override getConfig(): Config {
    return {max_value: this.maxValue, axis: this.axis};
  }
}

/** Weights that are negative become 0. */
export class NonNeg extends Constraint {
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions('NonNeg', options, []);
  }
  override call(w: Tensor): Tensor {
    return w.maximum(0);
  }
}

/** Options of {@link UnitNorm}. */
export interface UnitNormOptions {
  /** Default 0. */
  axis?: NormAxis | undefined;
}

/** Weights are scaled to norm 1. */
export class UnitNorm extends Constraint {
  readonly axis: NormAxis;

  constructor(options: UnitNormOptions = {}) {
    super();
    checkOptions('UnitNorm', options, ['axis']);
    this.axis = checkAxis('UnitNorm', options.axis ?? 0);
  }
  override call(w: Tensor): Tensor {
    return w.div(norms(w, this.axis).add(config.epsilon()));
  }
  override getConfig(): Config {
    return {axis: this.axis};
  }
}

/** Options of {@link MinMaxNorm}. */
export interface MinMaxNormOptions {
  /** Default 0. */
  minValue?: number | undefined;
  /** Default 1. */
  maxValue?: number | undefined;
  /** How much of the way to the allowed norm each step goes. Default 1. */
  rate?: number | undefined;
  /** Default 0. */
  axis?: NormAxis | undefined;
}

/** Weights are scaled so that their norm comes into [minValue, maxValue]. */
export class MinMaxNorm extends Constraint {
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: NormAxis;

  constructor(options: MinMaxNormOptions = {}) {
    super();
    checkOptions('MinMaxNorm', options, ['minValue', 'maxValue', 'rate', 'axis']);
    this.minValue = checkNumber('MinMaxNorm', 'minValue', options.minValue ?? 0);
    this.maxValue = checkNumber('MinMaxNorm', 'maxValue', options.maxValue ?? 1);
    this.rate = checkNumber('MinMaxNorm', 'rate', options.rate ?? 1);
    this.axis = checkAxis('MinMaxNorm', options.axis ?? 0);
  }
  override call(w: Tensor): Tensor {
    const n = norms(w, this.axis);
    const wanted = ops
      .clip(n, this.minValue, this.maxValue)
      .mul(this.rate)
      .add(n.mul(1 - this.rate));
    return w.mul(wanted.div(n.add(config.epsilon())));
  }
  override getConfig(): Config {
    return {min_value: this.minValue, max_value: this.maxValue, rate: this.rate, axis: this.axis};
  }
}
