import {type PrecisionRecallOptions, TruePositiveRatio} from './true-positive-ratio.js';

/** Which part of the positive samples is found. */
export class Recall<const N extends string = string> extends TruePositiveRatio<N> {
  constructor(options: PrecisionRecallOptions<N> = {}) {
    super('Recall', 'falseNegatives', 'false_negatives', options);
  }

  get falseNegatives() {
    return this.mistakes;
  }
}
