import {config, ops, type Tensor} from '@keratin/core';
import {type Labels, squeezeOrExpand, toDType, toTensor} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {requireShapes} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** 1 where targets and predictions are equal, else 0: for predictions that are labels already. */
export function accuracy(yTrue: Labels, yPred: Labels): Tensor {
  const prediction = toTensor(yPred, 'accuracy');
  const [t, p] = squeezeOrExpand(toDType(yTrue, prediction.dtype, 'accuracy'), prediction);
  requireShapes(
    'accuracy',
    t,
    p,
    '; it compares labels with labels: for class probabilities use SparseCategoricalAccuracy or CategoricalAccuracy',
  );
  return ops.cast(t.equal(p), config.floatx());
}

/**
 * How often predicted labels equal the targets. Probabilities go with {@link BinaryAccuracy}, {@link CategoricalAccuracy} or
 * {@link SparseCategoricalAccuracy}; the string `'accuracy'` picks one of them by shapes.
 */
export class Accuracy<const N extends string = 'accuracy'> extends FunctionMetric<N> {
  override readonly direction = 'up';

  constructor(options: MetricOptions<N> = {}) {
    super(accuracy, baseOptions('Accuracy', options, 'accuracy'));
  }
}
