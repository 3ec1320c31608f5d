import {ConfusionCount, type ConfusionCountOptions} from './confusion-count.js';

/** How many positive samples are predicted positive. */
export class TruePositives<const N extends string = string> extends ConfusionCount<N> {
  constructor(options: ConfusionCountOptions<N> = {}) {
    super('TruePositives', 'truePositives', options);
  }
}
