import {type Config} from '@keratin/core';
import {
  sparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyFunctionOptions,
} from '../losses/sparse-categorical-crossentropy.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** Options of {@link SparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions<N extends string = string>
  extends MetricOptions<N>, SparseCategoricalCrossentropyFunctionOptions {}

/** The mean cross-entropy of class numbers. */
export class SparseCategoricalCrossentropy<
  const N extends string = 'sparse_categorical_crossentropy',
> extends FunctionMetric<N> {
  override readonly direction = 'down';
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  readonly axis: number;

  constructor(options: SparseCategoricalCrossentropyOptions<N> = {}) {
    const {fromLogits = false, ignoreClass = null, axis = -1} = options;
    const keys = ['fromLogits', 'ignoreClass', 'axis'];
    const base = baseOptions('SparseCategoricalCrossentropy', options, 'sparse_categorical_crossentropy', keys);
    super((yTrue, yPred) => sparseCategoricalCrossentropy(yTrue, yPred, {fromLogits, ignoreClass, axis}), base);
    this.fromLogits = fromLogits;
    this.ignoreClass = ignoreClass;
    this.axis = axis;
  }

  override getConfig(): Config {
    const {fromLogits, ignoreClass, axis} = this;
    return {...super.getConfig(), from_logits: fromLogits, ignore_class: ignoreClass, axis};
  }
}
