import {type Config, config, type Tensor} from '@keratin/core';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toPair} from './shapes.js';
import {smoothClasses, SMOOTHING_KEYS, type SmoothingOptions, smoothingOptions} from './smoothing.js';

/** Options of {@link categoricalFocalCrossentropy}. */
export interface CategoricalFocalCrossentropyFunctionOptions extends SmoothingOptions {
  /** The weight of all classes, or of each. Default 0.25. */
  alpha?: number | readonly number[] | undefined;
  /** How strongly easy samples are held back. Default 2. */
  gamma?: number | undefined;
}

/** `-sum(alpha (1 - p)^gamma yTrue log(p))` along the classes, where p are the predictions, normalized and clipped. */
export function categoricalFocalCrossentropy(
  yTrue: Labels,
  yPred: Labels,
  options: CategoricalFocalCrossentropyFunctionOptions = {},
): Tensor {
  const where = 'categoricalFocalCrossentropy';
  const {alpha = 0.25, gamma = 2} = options;
  const {fromLogits, labelSmoothing, axis} = smoothingOptions(options, where);
  const [labels, given] = toPair(yTrue, yPred, where);
  const t = smoothClasses(labels, labelSmoothing);
  const probabilities = fromLogits ? given.softmax(axis) : given;
  const epsilon = config.epsilon();
  const p = probabilities.div(probabilities.sum({axis, keepdims: true})).clip(epsilon, 1 - epsilon);
  const crossentropy = t.neg().mul(p.log());
  return p.neg().add(1).pow(gamma).mul(alpha).mul(crossentropy).sum(axis);
}

/** Options of {@link CategoricalFocalCrossentropy}. */
export interface CategoricalFocalCrossentropyOptions extends LossOptions, CategoricalFocalCrossentropyFunctionOptions {}

/** Focal cross-entropy of one-hot targets, reduced. */
export class CategoricalFocalCrossentropy extends LossFunctionWrapper {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  readonly alpha: number | readonly number[];
  readonly gamma: number;

  constructor(options: CategoricalFocalCrossentropyOptions = {}) {
    const {alpha = 0.25, gamma = 2} = options;
    const keys = [...SMOOTHING_KEYS, 'alpha', 'gamma'];
    const base = baseOptions('CategoricalFocalCrossentropy', options, 'categorical_focal_crossentropy', keys);
    const own = {...smoothingOptions(options, 'CategoricalFocalCrossentropy'), alpha, gamma};
    super((yTrue, yPred) => categoricalFocalCrossentropy(yTrue, yPred, own), base);
    this.fromLogits = own.fromLogits;
    this.labelSmoothing = own.labelSmoothing;
    this.axis = own.axis;
    this.alpha = alpha;
    this.gamma = gamma;
  }

  override getConfig(): Config {
    const {fromLogits, labelSmoothing, axis, alpha, gamma} = this;
    return {...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis, alpha, gamma};
  }
}
