import {type Config, config, ops, type Tensor} from '@keratin/core';
import {type Labels, squeezeOrExpand, toDType, toFloat} from '../losses/shapes.js';
import {FunctionMetric} from './function-metric.js';
import {requireShapes} from './matches.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyFunctionOptions {
  /** Predictions above it count as 1. Default 0.5. */
  threshold?: number | undefined;
}

/** 1 where a prediction above the threshold meets label 1, or one not above it label 0, else 0. */
export function binaryAccuracy(yTrue: Labels, yPred: Labels, options: BinaryAccuracyFunctionOptions = {}): Tensor {
  const prediction = toFloat(yPred, 'binaryAccuracy');
  const [t, p] = squeezeOrExpand(toDType(yTrue, prediction.dtype, 'binaryAccuracy'), prediction);
  requireShapes('binaryAccuracy', t, p);
  const found: Tensor = ops.cast(p.greater(options.threshold ?? 0.5), t.dtype);
  return ops.cast(t.equal(found), config.floatx());
}

/** Options of {@link BinaryAccuracy}. */
export interface BinaryAccuracyOptions<N extends string = string>
  extends MetricOptions<N>, BinaryAccuracyFunctionOptions {}

/** How often predictions, compared with a threshold, meet labels 0 and 1. */
export class BinaryAccuracy<const N extends string = 'binary_accuracy'> extends FunctionMetric<N> {
  override readonly direction = 'up';
  readonly threshold: number;

  constructor(options: BinaryAccuracyOptions<N> = {}) {
    const {threshold = 0.5} = options;
    const base = baseOptions('BinaryAccuracy', options, 'binary_accuracy', ['threshold']);
    super((yTrue, yPred) => binaryAccuracy(yTrue, yPred, {threshold}), base);
    this.threshold = threshold;
  }

  override getConfig(): Config {
    return {...super.getConfig(), threshold: this.threshold};
  }
}
