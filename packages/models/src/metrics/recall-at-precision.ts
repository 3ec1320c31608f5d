import {type Config} from '@keratin/core';
import {AtThreshold, type AtThresholdOptions} from './at-threshold.js';
import {type ConfusionState} from './confusion-state.js';

/** The best recall with a precision of at least `precision`. */
export class RecallAtPrecision<const N extends string = string> extends AtThreshold<N> {
  static override readonly positional = ['precision'];
  readonly precision: number;

  constructor(precision: number, options: AtThresholdOptions<N> = {}) {
    super('RecallAtPrecision', 'precision', precision, options);
    this.precision = precision;
  }

  protected rates(state: ConfusionState) {
    return [state.precision, state.recall] as const;
  }

  override getConfig(): Config {
    return {...super.getConfig(), precision: this.precision};
  }
}
