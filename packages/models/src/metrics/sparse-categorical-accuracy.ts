import {type Tensor} from '@keratin/core';
import {type Labels, toTensor} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {matches, requireOnePerSample} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';

/**
 * 1 where the largest prediction is at the target (a class number), else 0: one value a sample.
 * @param yTrue class numbers of any dtype: yPred's shape without the classes, or with 1 in their place
 * @param yPred [..., classes]
 */
export function sparseCategoricalAccuracy(yTrue: Labels, yPred: Labels): Tensor {
  const where = 'sparseCategoricalAccuracy';
  const given = toTensor(yTrue, where);
  const p = toTensor(yPred, where);
  const labels = given.ndim === p.ndim && given.shape.at(-1) === 1 ? given.squeeze(-1) : given;
  requireOnePerSample(where, labels, given, p);
  const found = matches(labels, p.argmax(-1));
  // Steps of one: Keras drops the axis.
  return found.ndim > 1 && found.shape.at(-1) === 1 ? found.squeeze(-1) : found;
}

/** How often the largest prediction is at the target, which is a class number. */
export class SparseCategoricalAccuracy<
  const N extends string = 'sparse_categorical_accuracy',
> extends FunctionMetric<N> {
  override readonly direction = 'up';

  constructor(options: MetricOptions<N> = {}) {
    super(sparseCategoricalAccuracy, baseOptions('SparseCategoricalAccuracy', options, 'sparse_categorical_accuracy'));
  }
}
