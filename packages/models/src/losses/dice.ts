import {type Config, config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** Options of losses of regions. */
export interface RegionOptions {
  /** The axes that are summed over. Default: all, the batch included. */
  axis?: number | readonly number[] | null | undefined;
}

/** `1 - 2 sum(yTrue yPred) / (sum(yTrue) + sum(yPred) + 1e-7)`: how little two regions overlap. */
export function dice(yTrue: Labels, yPred: Labels, options: RegionOptions = {}): Tensor {
  const {axis} = options;
  const [t, p] = toPair(yTrue, yPred, 'dice');
  const sizes = t.sum(axis).add(p.sum(axis)).add(config.epsilon());
  return t.mul(p).sum(axis).mul(2).div(sizes).neg().add(1);
}

/** Options of {@link Dice}. */
export interface DiceOptions extends LossOptions, RegionOptions {}

/** The Dice loss, reduced over what its axes leave. */
export class Dice extends LossFunctionWrapper {
  readonly axis: number | readonly number[] | null;

  constructor(options: DiceOptions = {}) {
    super((yTrue, yPred) => dice(yTrue, yPred, {axis: options.axis}), baseOptions('Dice', options, 'dice', ['axis']));
    this.axis = options.axis ?? null;
  }

  override getConfig(): Config {
    return {...super.getConfig(), axis: this.axis};
  }
}
