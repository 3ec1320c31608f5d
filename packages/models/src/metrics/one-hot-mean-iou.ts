import {type Config} from '@keratin/core';
import {MeanIoU} from './mean-iou.js';
import {type OneHotIoUOptions, oneHotOptions} from './one-hot-iou.js';

/** The overlap of one-hot targets averaged over all classes that occur. */
export class OneHotMeanIoU<const N extends string = string> extends MeanIoU<N> {
  constructor(numClasses: number, options: OneHotIoUOptions<N> = {}) {
    super(numClasses, oneHotOptions('OneHotMeanIoU', options));
  }

  override getConfig(): Config {
    const {sparse_y_true: _, ...config} = super.getConfig();
    return config;
  }
}
