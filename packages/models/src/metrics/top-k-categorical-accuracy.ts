import {type Config, type Tensor} from '@keratin/core';
import {type Labels, toFloat, toTensor} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {requireShapes} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';
import {checkK, inTopK, type TopKOptions} from './top-k.js';

/** 1 where the one-hot target is among the k largest predictions, else 0: one value a sample. */
export function topKCategoricalAccuracy(yTrue: Labels, yPred: Labels, options: TopKOptions = {}): Tensor {
  const where = 'topKCategoricalAccuracy';
  const t = toTensor(yTrue, where);
  const p = toFloat(yPred, where);
  requireShapes(where, t, p, '; class numbers go with the sparse form');
  return inTopK(t.argmax(-1), p, checkK(where, options.k ?? 5));
}

/** Options of {@link TopKCategoricalAccuracy}. */
export interface TopKCategoricalAccuracyOptions<N extends string = string> extends MetricOptions<N>, TopKOptions {}

/** How often the one-hot target is among the k largest predictions. */
export class TopKCategoricalAccuracy<const N extends string = 'top_k_categorical_accuracy'> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly k: number;

  constructor(options: TopKCategoricalAccuracyOptions<N> = {}) {
    const k = checkK('TopKCategoricalAccuracy', options.k ?? 5);
    const base = baseOptions('TopKCategoricalAccuracy', options, 'top_k_categorical_accuracy', ['k']);
    super((yTrue, yPred) => topKCategoricalAccuracy(yTrue, yPred, {k}), base);
    this.k = k;
  }

  override getConfig(): Config {
    return {...super.getConfig(), k: this.k};
  }
}
