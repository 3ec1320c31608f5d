import {type DType, ops, ShapeError, type Tensor} from '@keratin/core';
import {checkAxis, show} from '@keratin/core/internal';
import {type Labels, squeezeOrExpand, toDType} from '../losses/shapes.js';
import {requireShapes} from './matches.js';

/** How many (weighted) entries are right and wrong at each threshold. */
export interface Confusion {
  readonly truePositives: Tensor;
  readonly falsePositives: Tensor;
  readonly trueNegatives: Tensor;
  readonly falseNegatives: Tensor;
}

/** How entries are counted. */
export interface ConfusionOptions {
  readonly thresholds: readonly number[];
  /** Whether the thresholds are evenly spread, so that predictions are sorted into buckets. */
  readonly even: boolean;
  readonly dtype: DType;
  readonly topK?: number | null;
  readonly classId?: number | null;
  readonly sampleWeight?: Labels | null;
  /** Whether columns are counted apart: results are [thresholds, labels]. */
  readonly multiLabel?: boolean;
  /** A weight for each column. */
  readonly labelWeights?: Tensor | null;
}

/** What a prediction outside of the top k becomes: below every threshold. */
export const BELOW_ALL = -1e10;

/** Counts the entries of a batch, each prediction being positive where it is above the threshold. */
export function confusion(yTrue: Labels, yPred: Labels, options: ConfusionOptions, where: string): Confusion {
  const {dtype, thresholds, multiLabel = false} = options;
  let [p, t] = squeezeOrExpand(toDType(yPred, dtype, where), toDType(yTrue, dtype, where));
  requireShapes(where, t, p);
  const given = options.sampleWeight ?? null;
  let weight = given === null ? null : toDType(given, dtype, where).expandDims(-1);
  if (weight !== null && weight.ndim === t.ndim + 1) weight = weight.squeeze(-1);
  if (options.topK !== undefined && options.topK !== null) p = keepTopK(p, options.topK);
  if (options.classId !== undefined && options.classId !== null) {
    t = column(t, options.classId, where);
    p = column(p, options.classId, where);
  }
  t = ops.cast(t.notEqual(0), dtype);
  let all = ops.onesLike(p);
  if (weight !== null) all = ops.broadcastTo(weight, p.shape);
  if (options.labelWeights !== undefined && options.labelWeights !== null) all = all.mul(options.labelWeights);

  // [1, n] or [1, n, labels] against thresholds [k, 1] or [k, 1, 1].
  const rows = (x: Tensor): Tensor => (multiLabel ? x.expandDims(0) : x.reshape([1, -1]));
  const columnShape = multiLabel ? [thresholds.length, 1, 1] : [thresholds.length, 1];
  const above: Tensor = ops.cast(positive(rows(p), options, columnShape), dtype);
  const positives = rows(t.mul(all));
  const negatives = rows(t.neg().add(1).mul(all));
  const truePositives = above.mul(positives).sum(1);
  const falsePositives = above.mul(negatives).sum(1);
  return {
    truePositives,
    falsePositives,
    trueNegatives: negatives.sum(1).sub(falsePositives),
    falseNegatives: positives.sum(1).sub(truePositives),
  };
}

function positive(p: Tensor, {thresholds, even, dtype}: ConfusionOptions, shape: readonly number[]): Tensor<boolean> {
  if (!even) {
    const limits = toDType(thresholds, dtype, 'thresholds').reshape(shape);
    return p.greater(limits);
  }
  // As Keras: the bucket of a prediction is ceil(p (n - 1)) - 1, and it is above all thresholds up to its bucket.
  let bucket = p
    .clip(0, 1)
    .mul(thresholds.length - 1)
    .ceil()
    .sub(1);
  const beyond = (thresholds[0] ?? 0) < 0 || (thresholds.at(-1) ?? 1) > 1;
  if (beyond) bucket = bucket.relu();
  return bucket.greaterEqual(ops.cast(ops.arange(thresholds.length), dtype).reshape(shape));
}

function column(x: Tensor, index: number, where: string): Tensor {
  if (x.ndim < 2)
    throw new ShapeError(`${where}: with classId predictions must be (samples, classes), got ${show(x.shape)}`);
  const at = checkAxis(`${where}: classId`, index, x.dim(-1));
  return ops.take(x, [at], -1);
}

/** The k largest of each row stay, the first ones of equals; others fall below every threshold. */
function keepTopK(x: Tensor, k: number): Tensor {
  let rest = x;
  let kept: Tensor = ops.zerosLike(x);
  for (let i = 0; i < Math.min(k, x.dim(-1)); i++) {
    const largest: Tensor = ops.oneHot(rest.argmax(-1), x.dim(-1), {dtype: x.dtype});
    kept = kept.add(largest);
    rest = ops.where(largest.greater(0), -Infinity, rest);
  }
  return ops.where(kept.greater(0), x, BELOW_ALL);
}
