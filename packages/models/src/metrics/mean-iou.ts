import {type Config} from '@keratin/core';
import {IoU, type IoUOptions} from './iou.js';

const allClasses = (n: number): number[] => Array.from({length: n}, (_, i) => i);

/** The overlap averaged over all classes that occur. */
export class MeanIoU<const N extends string = string> extends IoU<N> {
  static override readonly positional: readonly string[] = ['numClasses'];

  constructor(numClasses: number, options: IoUOptions<N> = {}) {
    super(numClasses, allClasses(numClasses), options);
  }

  override getConfig(): Config {
    const {target_class_ids: _, ...config} = super.getConfig();
    return config;
  }
}
