import {type DType, type FloatDType, ops, ShapeError, type Tensor} from '@keratin/core';
import {broadcastShapes, maskOf, show} from '@keratin/core/internal';
import {maskedWeight} from '../losses/reduction.js';
import {type Labels, squeezeOrExpand, toDType, toTensor} from '../losses/shapes.js';

/** One value for each sample, and the weight of each. */
export interface Samplewise {
  readonly values: Tensor;
  readonly weights: Tensor | null;
}

const axes = (from: number, to: number): number[] => Array.from({length: Math.max(to - from, 0)}, (_, i) => from + i);

/**
 * Entries averaged (or summed) to one value a sample, times the weights. Weights of fewer axes weigh whole samples or steps.
 * @throws ShapeError where the weights do not fit
 */
export function samplewise(
  given: Labels,
  sampleWeight: Labels | null,
  reduce: 'mean' | 'sum',
  dtype: DType,
  where: string,
): Samplewise {
  const mask = maskOf(toTensor(given, where));
  let values = toDType(given, dtype, where);
  const over = (x: Tensor, from: number): Tensor => {
    const list = axes(from, x.ndim);
    if (list.length === 0) return x;
    return reduce === 'mean' ? x.mean(list) : x.sum(list);
  };
  if (sampleWeight === null) return {values: over(values, 1), weights: null};
  let weights = toDType(sampleWeight, dtype, where);
  if (mask !== null) weights = maskedWeight(weights, mask, dtype as FloatDType, 'sum') ?? weights;
  [values, weights] = squeezeOrExpand(values, weights);
  if (values.ndim > weights.ndim) values = over(values, weights.ndim);
  const shape = broadcastShapes(weights.shape, values.shape);
  if (shape === null || shape.length !== values.ndim || shape.some((n, i) => n !== values.shape[i])) {
    throw new ShapeError(
      `${where}: sampleWeight must fit the values, got sampleWeight ${show(weights.shape)} for values of shape ${show(values.shape)}`,
    );
  }
  weights = ops.broadcastTo(weights, values.shape);
  values = values.mul(weights);
  return {values: over(values, 1), weights: over(weights, 1)};
}
