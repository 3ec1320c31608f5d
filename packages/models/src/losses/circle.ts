import {type Config, ops, ShapeError, type Tensor} from '@keratin/core';
import {show, withMask} from '@keratin/core/internal';
import {baseOptions, LossFunctionWrapper, type LossOptions} from './loss.js';
import {type Labels, toDType, toFloat} from './shapes.js';

/** Options of {@link circle}. */
export interface CircleFunctionOptions {
  /** Labels of {@link refEmbeddings}. Default: `yTrue`. */
  refLabels?: Labels | undefined;
  /** What the predictions are compared with. Default: the predictions themselves. */
  refEmbeddings?: Labels | undefined;
  /** Whether a sample is left out of its own positives. Default true. */
  removeDiagonal?: boolean | undefined;
  /** The scale. Default 80. */
  gamma?: number | undefined;
  /** How far beyond the border pairs are pushed. Default 0.4. */
  margin?: number | undefined;
}

/**
 * Circle loss of embeddings (Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020): pairs of one
 * label are drawn together, others pushed apart. Samples whose loss is 0 are masked.
 * @param yTrue class numbers (n) or (n, 1)
 * @param yPred embeddings of length 1 (n, d)
 */
export function circle(yTrue: Labels, yPred: Labels, options: CircleFunctionOptions = {}): Tensor {
  const {removeDiagonal = true, gamma = 80, margin = 0.4} = options;
  const embeddings = toFloat(yPred, 'circle');
  const labels = toDType(yTrue, 'int32', 'circle');
  if (embeddings.ndim !== 2 || labels.shape[0] !== embeddings.shape[0]) {
    throw new ShapeError(
      `circle: yTrue must be (n,) and yPred (n, d), got yTrue ${show(labels.shape)} and yPred ${show(embeddings.shape)}`,
    );
  }
  const others = options.refEmbeddings === undefined ? embeddings : toFloat(options.refEmbeddings, 'circle');
  const otherLabels = options.refLabels === undefined ? labels : toDType(options.refLabels, 'int32', 'circle');
  const distances = embeddings.matmul(others.transpose()).neg().add(1).maximum(0);

  const same = labels.reshape([-1, 1]).equal(otherLabels.reshape([1, -1]));
  const diagonal: Tensor = ops.eye(labels.size, otherLabels.size);
  const positive = removeDiagonal ? same.logicalAnd(diagonal.equal(0)) : same;
  const negative = same.logicalNot();

  const pull = distances.add(margin).mul(ops.cast(positive, distances.dtype)).maximum(0);
  const push = distances
    .neg()
    .add(1 + margin)
    .mul(ops.cast(negative, distances.dtype))
    .maximum(0);
  const pulled = pull.mul(-gamma).mul(distances.neg().add(margin));
  const pushed = push.mul(gamma).mul(distances.neg().add(1 - margin));
  const p = ops.logsumexp(ops.where(positive, pulled, -Infinity), 1);
  const n = ops.logsumexp(ops.where(negative, pushed, -Infinity), 1);
  const losses = p.add(n).softplus();
  return withMask(losses, losses.greater(0));
}

/** Options of {@link Circle}. */
export interface CircleOptions
  extends LossOptions, Pick<CircleFunctionOptions, 'removeDiagonal' | 'gamma' | 'margin'> {}

/** The circle loss, reduced over the samples whose loss is not 0. */
export class Circle extends LossFunctionWrapper {
  readonly gamma: number;
  readonly margin: number;
  readonly removeDiagonal: boolean;

  constructor(options: CircleOptions = {}) {
    const {gamma = 80, margin = 0.4, removeDiagonal = true} = options;
    const base = baseOptions('Circle', options, 'circle', ['gamma', 'margin', 'removeDiagonal']);
    super((yTrue, yPred) => circle(yTrue, yPred, {gamma, margin, removeDiagonal}), base);
    this.gamma = gamma;
    this.margin = margin;
    this.removeDiagonal = removeDiagonal;
  }

  override getConfig(): Config {
    return {...super.getConfig(), gamma: this.gamma, margin: this.margin, remove_diagonal: this.removeDiagonal};
  }
}
