import {type PrecisionRecallOptions, TruePositiveRatio} from './true-positive-ratio.js';

/** Which part of the positive predictions is right. */
export class Precision<const N extends string = string> extends TruePositiveRatio<N> {
  constructor(options: PrecisionRecallOptions<N> = {}) {
    super('Precision', 'falsePositives', 'false_positives', options);
  }

  get falsePositives() {
    return this.mistakes;
  }
}
