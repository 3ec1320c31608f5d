import {type Config} from '@keratin/core';
import {binaryCrossentropy} from '../losses/binary-crossentropy.js';
import {type SmoothingOptions, smoothingOptions} from '../losses/smoothing.js';
import {FunctionMetric} from './function-metric.js';
import {baseOptions, type MetricOptions} from './metric.js';

/** Options of {@link BinaryCrossentropy}. */
export interface BinaryCrossentropyOptions<N extends string = string>
  extends MetricOptions<N>, Pick<SmoothingOptions, 'fromLogits' | 'labelSmoothing'> {}

/** The mean cross-entropy of labels 0 and 1. */
export class BinaryCrossentropy<const N extends string = 'binary_crossentropy'> extends FunctionMetric<N> {
  override readonly direction = 'down';
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: BinaryCrossentropyOptions<N> = {}) {
    const base = baseOptions('BinaryCrossentropy', options, 'binary_crossentropy', ['fromLogits', 'labelSmoothing']);
    const own = smoothingOptions(options, 'BinaryCrossentropy');
    super((yTrue, yPred) => binaryCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
  }

  override getConfig(): Config {
    return {...super.getConfig(), from_logits: this.fromLogits, label_smoothing: this.labelSmoothing};
  }
}
