import {type Config, ops, type Tensor, ValueError} from '@keratin/core';
import {baseOptions, Loss, type LossOptions} from './loss.js';
import {type Labels, toDType, toFloat, toTensor} from './shapes.js';

/**
 * `(1 - p^q) / q` with p the probability of the true class: less hurt by wrong labels than cross-entropy (Zhang and Sabuncu,
 * "Generalized cross entropy loss for training deep neural networks with noisy labels", 2018).
 * @param yTrue class numbers, yPred's shape without the classes
 * @param q between 0 (cross-entropy) and 1 (mean absolute error)
 */
export function categoricalGeneralizedCrossEntropy(yTrue: Labels, yPred: Labels, q: number): Tensor {
  const where = 'categoricalGeneralizedCrossEntropy';
  const prediction = toFloat(yPred, where);
  const labels = toDType(yTrue, 'int32', where);
  const classes: Tensor = ops.oneHot(labels, prediction.dim(-1), {dtype: prediction.dtype});
  const p = prediction.mul(classes).sum(-1);
  return p.pow(q).neg().add(1).div(q);
}

/** Options of {@link CategoricalGeneralizedCrossEntropy}. */
export interface CategoricalGeneralizedCrossEntropyOptions extends LossOptions {
  /** Between 0 and 1. Default 0.5. */
  q?: number | undefined;
}

/** Generalized cross-entropy of class numbers, reduced. */
export class CategoricalGeneralizedCrossEntropy extends Loss {
  readonly q: number;

  constructor(options: CategoricalGeneralizedCrossEntropyOptions = {}) {
    const {q = 0.5} = options;
    const where = 'CategoricalGeneralizedCrossEntropy';
    super(baseOptions(where, options, 'categorical_generalized_cross_entropy', ['q']));
    if (!(q > 0 && q < 1)) throw new ValueError(`${where}: q must be between 0 and 1, got ${String(q)}`);
    this.q = q;
  }

  call(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = yTrue.ndim === yPred.ndim && yTrue.shape.at(-1) === 1 ? yTrue.squeeze(-1) : yTrue;
    return categoricalGeneralizedCrossEntropy(labels, yPred, this.q);
  }

  protected override toTarget(yTrue: Labels): Tensor {
    return toTensor(yTrue, this.name);
  }

  override getConfig(): Config {
    return {...super.getConfig(), q: this.q};
  }
}
