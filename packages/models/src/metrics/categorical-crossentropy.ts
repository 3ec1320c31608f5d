import {type Config} from '@keratin/core';
import {categoricalCrossentropy} from '../losses/categorical-crossentropy.js';
import {type SmoothingOptions, smoothingOptions} from '../losses/smoothing.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** Options of {@link CategoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions<N extends string = string>
  extends MetricOptions<N>, Pick<SmoothingOptions, 'fromLogits' | 'labelSmoothing' | 'axis'> {}

/** The mean cross-entropy of one-hot targets. */
export class CategoricalCrossentropy<const N extends string = 'categorical_crossentropy'> extends FunctionMetric<N> {
  override readonly direction = 'down';
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;

  constructor(options: CategoricalCrossentropyOptions<N> = {}) {
    const base = baseOptions('CategoricalCrossentropy', options, 'categorical_crossentropy', [
      'fromLogits',
      'labelSmoothing',
      'axis',
    ]);
    const own = smoothingOptions(options, 'CategoricalCrossentropy');
    super((yTrue, yPred) => categoricalCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
    this.axis = own.axis;
  }

  override getConfig(): Config {
    return {...super.getConfig(), from_logits: this.fromLogits, label_smoothing: this.labelSmoothing, axis: this.axis};
  }
}
