import {type Config} from '@keratin/core';
import {AtThreshold, type AtThresholdOptions} from './at-threshold.js';
import {type ConfusionState} from './confusion-state.js';

/** The best precision with a recall of at least `recall`. */
export class PrecisionAtRecall<const N extends string = string> extends AtThreshold<N> {
  static override readonly positional = ['recall'];
  readonly recall: number;

  constructor(recall: number, options: AtThresholdOptions<N> = {}) {
    super('PrecisionAtRecall', 'recall', recall, options);
    this.recall = recall;
  }

  protected rates(state: ConfusionState) {
    return [state.recall, state.precision] as const;
  }

  override getConfig(): Config {
    return {...super.getConfig(), recall: this.recall};
  }
}
