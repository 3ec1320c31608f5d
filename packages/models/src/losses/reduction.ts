import {type FloatDType, ops, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {broadcastShapes, describe, hint, show, sizeOf} from '@keratin/core/internal';
import {squeezeOrExpand} from './shapes.js';

/**
 * How the losses of single entries become one number.
 *
 * - `'sum_over_batch_size'` (the default) and `'mean'`: the sum over the number of entries (not over the weights)
 * - `'sum'`
 * - `'mean_with_sample_weight'`: the sum over the sum of the weights
 * - `'none'` and `null`: as they are
 */
export type Reduction = 'sum_over_batch_size' | 'sum' | 'mean' | 'mean_with_sample_weight' | 'none' | null;

const REDUCTIONS: readonly unknown[] = ['sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none', null];

/** A reduction, or an error that names the nearest one. */
export function checkReduction(where: string, reduction: unknown): Reduction {
  if (REDUCTIONS.includes(reduction)) return reduction as Reduction;
  const tail =
    typeof reduction === 'string'
      ? hint(
          reduction,
          REDUCTIONS.filter((r) => typeof r === 'string'),
        )
      : '';
  throw new ValueError(`${where}: unknown reduction ${describe(reduction)}${tail}`);
}

/** a / b, and 0 where b is 0. */
export function divideNoNan(a: Tensor, b: Tensor): Tensor {
  const zero = b.equal(0);
  return ops.where(zero, 0, a.div(ops.where(zero, 1, b)));
}

/**
 * A mask as weights, times the weights given. Where a mean over all entries follows, valid entries weigh total / valid, so
 * that masked ones leave the mean.
 */
export function maskedWeight(
  sampleWeight: Tensor | null,
  mask: Tensor<boolean> | null,
  dtype: FloatDType,
  reduction: Reduction,
): Tensor | null {
  if (mask === null) return sampleWeight;
  const valid: Tensor = ops.cast(mask, dtype);
  let weight = valid;
  if (reduction === 'mean' || reduction === 'sum_over_batch_size') {
    const total = ops.full([], sizeOf(mask.shape) ?? 1, dtype);
    weight = valid.mul(divideNoNan(total, valid.sum()));
  }
  if (sampleWeight === null) return weight;
  const [a, b] = squeezeOrExpand(weight, sampleWeight);
  return ofSamples(b, a).mul(a);
}

/**
 * Weights of samples as weights of all that belongs to a sample: (n) beside (n, steps) becomes (n, 1). Keras takes them for weights of the
 * last axis, which is an error unless there happen to be as many steps as samples.
 */
function ofSamples(weights: Tensor, entries: Tensor): Tensor {
  if (weights.ndim === 0 || weights.shape.some((size, axis) => size !== entries.shape[axis])) return weights;
  let all = weights;
  while (all.ndim < entries.ndim) all = ops.expandDims(all, -1);
  return all;
}

/** The loss of all entries, weighted and reduced. Gradients flow through it. */
export function reduceWeighted(
  values: Tensor,
  sampleWeight: Tensor | null,
  mask: Tensor<boolean> | null,
  reduction: Reduction,
  where: string,
): Tensor {
  const weight = maskedWeight(sampleWeight, mask, values.dtype as FloatDType, reduction);
  if (weight === null) return reduceValues(values, null, reduction);
  const [entries, given] = squeezeOrExpand(values, weight);
  const weights = ofSamples(given, entries);
  if (broadcastShapes(entries.shape, weights.shape) === null) {
    throw new ShapeError(
      `${where}: sampleWeight must fit the losses, got sampleWeight ${show(weight.shape)} for losses of shape ${show(values.shape)}`,
    );
  }
  return reduceValues(entries.mul(weights), weights, reduction);
}

function reduceValues(values: Tensor, weights: Tensor | null, reduction: Reduction): Tensor {
  if (reduction === null || reduction === 'none' || values.ndim === 0) return values;
  if (reduction === 'sum' || sizeOf(values.shape) === 0) return values.sum();
  if (reduction === 'mean_with_sample_weight' && weights !== null) return divideNoNan(values.sum(), weights.sum());
  return values.mean();
}
