import {type Config, ops, type Tensor, ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {checkNumber, LearningRateSchedule} from './schedule.js';

/** Options of {@link PiecewiseConstantDecay}. */
export interface PiecewiseConstantDecayOptions {
  name?: string | undefined;
}

/** `values[i]` for steps up to and with `boundaries[i]`, then the next; the last value beyond all boundaries. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  static override readonly positional = ['boundaries', 'values'];
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  override readonly name: string;

  constructor(boundaries: readonly number[], values: readonly number[], options: PiecewiseConstantDecayOptions = {}) {
    const where = 'PiecewiseConstantDecay';
    checkOptions(where, options, ['name']);
    if (!Array.isArray(boundaries) || !Array.isArray(values) || boundaries.length !== values.length - 1) {
      throw new ValueError(
        `${where}: one value more than boundaries is needed, got ${describe(boundaries)} and ${describe(values)}`,
      );
    }
    super();
    this.boundaries = boundaries.map((boundary: number) => checkNumber(where, 'a boundary', boundary));
    this.values = values.map((value: number) => checkNumber(where, 'a value', value));
    this.name = options.name ?? 'PiecewiseConstant';
  }

  call(step: Tensor): Tensor {
    let rate: Tensor = step.mul(0).add(this.values.at(-1) ?? 0);
    for (let i = this.boundaries.length - 1; i >= 0; i--) {
      rate = ops.where(step.lessEqual(this.boundaries[i] ?? 0), this.values[i] ?? 0, rate);
    }
    return rate;
  }

  override getConfig(): Config {
    return {boundaries: [...this.boundaries], values: [...this.values], name: this.name};
  }
}
