import {ConfusionCount, type ConfusionCountOptions} from './confusion-count.js';

/** How many negative samples are predicted negative. */
export class TrueNegatives<const N extends string = string> extends ConfusionCount<N> {
  constructor(options: ConfusionCountOptions<N> = {}) {
    super('TrueNegatives', 'trueNegatives', options);
  }
}
