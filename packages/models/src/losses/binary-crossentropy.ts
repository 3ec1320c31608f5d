import {type Config, ops, type Tensor} from '@keratin/core';
import {fromActivation} from './logits.js';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';
import {smoothBinary, SMOOTHING_KEYS, type SmoothingOptions, smoothingOptions} from './smoothing.js';

/**
 * `-mean(yTrue log(yPred) + (1 - yTrue) log(1 - yPred))` along the last axis: the loss of each sample from labels 0 and 1.
 *
 * Probabilities that a sigmoid activation made are not used: its input is, which is exact. Others are clipped to
 * [1e-7, 1 - 1e-7].
 */
export function binaryCrossentropy(yTrue: Labels, yPred: Labels, options: SmoothingOptions = {}): Tensor {
  const where = 'binaryCrossentropy';
  const {fromLogits, labelSmoothing, axis} = smoothingOptions(options, where);
  const [t, p] = toPair(yTrue, yPred, where);
  const [output, logits] = fromActivation(p, fromLogits, 'sigmoid', where);
  return ops.binaryCrossentropy(smoothBinary(t, labelSmoothing), output, {fromLogits: logits}).mean(axis);
}

/** Options of {@link BinaryCrossentropy}. */
export interface BinaryCrossentropyOptions extends LossOptions, SmoothingOptions {}

/** Cross-entropy of labels 0 and 1 against probabilities or logits, reduced. */
export class BinaryCrossentropy extends LossFunctionWrapper {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;

  constructor(options: BinaryCrossentropyOptions = {}) {
    const base = baseOptions('BinaryCrossentropy', options, 'binary_crossentropy', SMOOTHING_KEYS);
    const own = smoothingOptions(options, 'BinaryCrossentropy');
    super((yTrue, yPred) => binaryCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
    this.axis = own.axis;
  }

  override getConfig(): Config {
    const {fromLogits, labelSmoothing, axis} = this;
    return {...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis};
  }
}
