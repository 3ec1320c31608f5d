import {type Config, ops, type Tensor} from '@keratin/core';
import {fromActivation} from './logits.js';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';
import {smoothClasses, SMOOTHING_KEYS, type SmoothingOptions, smoothingOptions} from './smoothing.js';

/**
 * `-sum(yTrue log(yPred))` along the classes: the loss of each sample from one-hot or soft targets.
 *
 * Probabilities that a softmax activation made are not used: its input is, which is exact. Others are normalized and clipped to
 * [1e-7, 1 - 1e-7].
 */
export function categoricalCrossentropy(yTrue: Labels, yPred: Labels, options: SmoothingOptions = {}): Tensor {
  const where = 'categoricalCrossentropy';
  const {fromLogits, labelSmoothing, axis} = smoothingOptions(options, where);
  const [t, p] = toPair(yTrue, yPred, where);
  const [output, logits] = fromActivation(p, fromLogits, 'softmax', where);
  return ops.categoricalCrossentropy(smoothClasses(t, labelSmoothing), output, {fromLogits: logits, axis});
}

/** Options of {@link CategoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions extends LossOptions, SmoothingOptions {}

/**
 * Cross-entropy of one-hot targets against probabilities or logits, reduced.
 *
 * @example
 * new losses.CategoricalCrossentropy()([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]); // 1.177
 */
export class CategoricalCrossentropy extends LossFunctionWrapper {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;

  constructor(options: CategoricalCrossentropyOptions = {}) {
    const base = baseOptions('CategoricalCrossentropy', options, 'categorical_crossentropy', SMOOTHING_KEYS);
    const own = smoothingOptions(options, 'CategoricalCrossentropy');
    super((yTrue, yPred) => categoricalCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
    this.axis = own.axis;
  }

  override getConfig(): Config {
    const {fromLogits, labelSmoothing, axis} = this;
    return {...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis};
  }
}
