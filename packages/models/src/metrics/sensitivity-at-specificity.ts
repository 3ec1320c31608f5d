import {type Config} from '@keratin/core';
import {AtThreshold, type AtThresholdOptions} from './at-threshold.js';
import {type ConfusionState} from './confusion-state.js';

/** The best sensitivity (recall) with a specificity of at least `specificity`. */
export class SensitivityAtSpecificity<const N extends string = string> extends AtThreshold<N> {
  static override readonly positional = ['specificity'];
  readonly specificity: number;

  constructor(specificity: number, options: AtThresholdOptions<N> = {}) {
    super('SensitivityAtSpecificity', 'specificity', specificity, options);
    this.specificity = specificity;
  }

  protected rates(state: ConfusionState) {
    return [state.specificity, state.recall] as const;
  }

  override getConfig(): Config {
    return {...super.getConfig(), specificity: this.specificity};
  }
}
