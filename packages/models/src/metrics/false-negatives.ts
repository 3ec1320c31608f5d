import {ConfusionCount, type ConfusionCountOptions} from './confusion-count.js';

/** How many positive samples are predicted negative. */
export class FalseNegatives<const N extends string = string> extends ConfusionCount<N> {
  constructor(options: ConfusionCountOptions<N> = {}) {
    super('FalseNegatives', 'falseNegatives', options);
  }
}
