import {type Config, ops, type Tensor} from '@keratin/core';
import {fromActivation} from './logits.js';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';
import {smoothBinary, SMOOTHING_KEYS, type SmoothingOptions, smoothingOptions} from './smoothing.js';

/** Options of {@link binaryFocalCrossentropy}. */
export interface BinaryFocalCrossentropyFunctionOptions extends SmoothingOptions {
  /** Whether the classes are weighted by alpha. Default false. */
  applyClassBalancing?: boolean | undefined;
  /** The weight of class 1; class 0 gets 1 - alpha. Default 0.25. */
  alpha?: number | undefined;
  /** How strongly easy samples are held back. Default 2. */
  gamma?: number | undefined;
}

/**
 * `mean((1 - p)^gamma bce)` along the last axis, where p is the probability of the true label: well classified samples count
 * less (Lin et al., "Focal loss for dense object detection", 2017).
 */
export function binaryFocalCrossentropy(
  yTrue: Labels,
  yPred: Labels,
  options: BinaryFocalCrossentropyFunctionOptions = {},
): Tensor {
  const where = 'binaryFocalCrossentropy';
  const {applyClassBalancing = false, alpha = 0.25, gamma = 2} = options;
  const {fromLogits, labelSmoothing, axis} = smoothingOptions(options, where);
  const [labels, given] = toPair(yTrue, yPred, where);
  const t = smoothBinary(labels, labelSmoothing);
  const p = fromLogits ? given.sigmoid() : given;
  const [output, logits] = fromLogits ? [given, true] : fromActivation(given, false, 'sigmoid', where);
  const crossentropy = ops.binaryCrossentropy(t, output, {fromLogits: logits});
  const other = t.neg().add(1);
  const truth = t.mul(p).add(other.mul(p.neg().add(1)));
  const focal = truth.neg().add(1).pow(gamma).mul(crossentropy);
  const weight = applyClassBalancing ? t.mul(alpha).add(other.mul(1 - alpha)) : null;
  return (weight === null ? focal : weight.mul(focal)).mean(axis);
}

/** Options of {@link BinaryFocalCrossentropy}. */
export interface BinaryFocalCrossentropyOptions extends LossOptions, BinaryFocalCrossentropyFunctionOptions {}

/** Focal cross-entropy of labels 0 and 1, reduced. */
export class BinaryFocalCrossentropy extends LossFunctionWrapper {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  readonly applyClassBalancing: boolean;
  readonly alpha: number;
  readonly gamma: number;

  constructor(options: BinaryFocalCrossentropyOptions = {}) {
    const {applyClassBalancing = false, alpha = 0.25, gamma = 2} = options;
    const keys = [...SMOOTHING_KEYS, 'applyClassBalancing', 'alpha', 'gamma'];
    const base = baseOptions('BinaryFocalCrossentropy', options, 'binary_focal_crossentropy', keys);
    const own = {...smoothingOptions(options, 'BinaryFocalCrossentropy'), applyClassBalancing, alpha, gamma};
    super((yTrue, yPred) => binaryFocalCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
    this.axis = own.axis;
    this.applyClassBalancing = applyClassBalancing;
    this.alpha = alpha;
    this.gamma = gamma;
  }

  override getConfig(): Config {
    const {fromLogits, labelSmoothing, axis, applyClassBalancing, alpha, gamma} = this;
    return {
      ...super.getConfig(),
      from_logits: fromLogits,
      label_smoothing: labelSmoothing,
      axis,
      apply_class_balancing: applyClassBalancing,
      alpha,
      gamma,
    };
  }
}
