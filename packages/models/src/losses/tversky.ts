import {type Config, config, type Tensor} from '@keratin/core';
import {type RegionOptions} from './dice.js';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';

/** Options of {@link tversky}. */
export interface TverskyFunctionOptions extends RegionOptions {
  /** The weight of what was missed: `sum(yTrue (1 - yPred))`. Default 0.5. */
  alpha?: number | undefined;
  /** The weight of what was wrongly found: `sum((1 - yTrue) yPred)`. Default 0.5. */
  beta?: number | undefined;
}

/**
 * `1 - both / (both + alpha missed + beta wrong + 1e-7)` of two regions; with alpha = beta = 0.5 it is the Dice loss. Which of the
 * two weighs what is Keras 3.15.1's.
 */
export function tversky(yTrue: Labels, yPred: Labels, options: TverskyFunctionOptions = {}): Tensor {
  const {axis, alpha = 0.5, beta = 0.5} = options;
  const [t, p] = toPair(yTrue, yPred, 'tversky');
  const both = t.mul(p).sum(axis);
  const missed = p.neg().add(1).mul(t).sum(axis);
  const wrong = t.neg().add(1).mul(p).sum(axis);
  const all = both.add(missed.mul(alpha)).add(wrong.mul(beta)).add(config.epsilon());
  return both.div(all).neg().add(1);
}

/** Options of {@link Tversky}. */
export interface TverskyOptions extends LossOptions, TverskyFunctionOptions {}

/** The Tversky loss, reduced over what its axes leave. */
export class Tversky extends LossFunctionWrapper {
  readonly alpha: number;
  readonly beta: number;
  readonly axis: number | readonly number[] | null;

  constructor(options: TverskyOptions = {}) {
    const {alpha = 0.5, beta = 0.5, axis = null} = options;
    const base = baseOptions('Tversky', options, 'tversky', ['alpha', 'beta', 'axis']);
    super((yTrue, yPred) => tversky(yTrue, yPred, {alpha, beta, axis}), base);
    this.alpha = alpha;
    this.beta = beta;
    this.axis = axis;
  }

  override getConfig(): Config {
    return {...super.getConfig(), alpha: this.alpha, beta: this.beta, axis: this.axis};
  }
}
