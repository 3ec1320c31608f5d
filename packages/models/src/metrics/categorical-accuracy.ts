import {type Tensor} from '@keratin/core';
import {type Labels, toTensor} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {matches, requireShapes} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** 1 where the largest prediction is at the largest target (one-hot), else 0: one value a sample. */
export function categoricalAccuracy(yTrue: Labels, yPred: Labels): Tensor {
  const t = toTensor(yTrue, 'categoricalAccuracy');
  const p = toTensor(yPred, 'categoricalAccuracy');
  requireShapes('categoricalAccuracy', t, p, '; class numbers go with the sparse form');
  return matches(t.argmax(-1), p.argmax(-1));
}

/** How often the largest prediction is at the one-hot target. */
export class CategoricalAccuracy<const N extends string = 'categorical_accuracy'> extends FunctionMetric<N> {
  override readonly direction = 'up';

  constructor(options: MetricOptions<N> = {}) {
    super(categoricalAccuracy, baseOptions('CategoricalAccuracy', options, 'categorical_accuracy'));
  }
}
