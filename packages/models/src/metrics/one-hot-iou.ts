import {type Config} from '@keratin/core';
import {IoU, type IoUOptions} from './iou.js';
import {baseOptions} from './metric.js';

/** Options of {@link OneHotIoU}. */
export interface OneHotIoUOptions<N extends string = string> extends Omit<IoUOptions<N>, 'sparseYTrue'> {
  /** Whether predictions are class numbers, not scores of each class. Default false. */
  sparseYPred?: boolean | undefined;
}

const ONE_HOT_KEYS = ['ignoreClass', 'sparseYPred', 'axis'] as const;

/** The options of a metric of one-hot targets, for its base class. */
export function oneHotOptions<N extends string>(className: string, options: OneHotIoUOptions<N>): IoUOptions<N> {
  const base = baseOptions(className, options, undefined, ONE_HOT_KEYS);
  const {ignoreClass, axis, sparseYPred = false} = options;
  return {...base, ignoreClass, axis, sparseYTrue: false, sparseYPred};
}

/** The overlap of some classes of one-hot targets. */
export class OneHotIoU<const N extends string = string> extends IoU<N> {
  constructor(numClasses: number, targetClassIds: readonly number[], options: OneHotIoUOptions<N> = {}) {
    super(numClasses, targetClassIds, oneHotOptions('OneHotIoU', options));
  }

  override getConfig(): Config {
    const {sparse_y_true: _, ...config} = super.getConfig();
    return config;
  }
}
