import {type Config} from '@keratin/core';
import {AtThreshold, type AtThresholdOptions} from './at-threshold.js';
import {type ConfusionState} from './confusion-state.js';

/** The best specificity with a sensitivity (recall) of at least `sensitivity`. */
export class SpecificityAtSensitivity<const N extends string = string> extends AtThreshold<N> {
  static override readonly positional = ['sensitivity'];
  readonly sensitivity: number;

  constructor(sensitivity: number, options: AtThresholdOptions<N> = {}) {
    super('SpecificityAtSensitivity', 'sensitivity', sensitivity, options);
    this.sensitivity = sensitivity;
  }

  protected rates(state: ConfusionState) {
    return [state.recall, state.specificity] as const;
  }

  override getConfig(): Config {
    return {...super.getConfig(), sensitivity: this.sensitivity};
  }
}
