import {type Config} from '@keratin/core';
import {type Labels, toDType} from '../losses/shapes.js';
import {IoU} from './iou.js';
import {baseOptions, type MetricOptions, type UpdateOptions} from './metric.js';

/** Options of {@link BinaryIoU}. */
export interface BinaryIoUOptions<N extends string = string> extends MetricOptions<N> {
  /** Which of the classes 0 and 1 count. Default both. */
  targetClassIds?: readonly number[] | undefined;
  /** Predictions of at least this are class 1. Default 0.5. */
  threshold?: number | undefined;
}

/** The overlap of two classes, predictions being probabilities of class 1. */
export class BinaryIoU<const N extends string = string> extends IoU<N> {
  static override readonly positional: readonly string[] = [];
  readonly threshold: number;

  constructor(options: BinaryIoUOptions<N> = {}) {
    const base = baseOptions('BinaryIoU', options, undefined, ['targetClassIds', 'threshold']);
    super(2, options.targetClassIds ?? [0, 1], base);
    this.threshold = options.threshold ?? 0.5;
  }

  override updateState(yTrue: Labels, yPred: Labels, options: UpdateOptions = {}): void {
    super.updateState(yTrue, toDType(yPred, 'float32', this.name).greaterEqual(this.threshold), options);
  }

  override getConfig(): Config {
    const {targetClassIds, threshold, name, dtype} = this;
    return {target_class_ids: [...targetClassIds], threshold, name, dtype};
  }
}
