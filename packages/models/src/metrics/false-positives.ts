import {ConfusionCount, type ConfusionCountOptions} from './confusion-count.js';

/** How many negative samples are predicted positive. */
export class FalsePositives<const N extends string = string> extends ConfusionCount<N> {
  constructor(options: ConfusionCountOptions<N> = {}) {
    super('FalsePositives', 'falsePositives', options);
  }
}
