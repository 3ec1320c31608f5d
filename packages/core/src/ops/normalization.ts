import {InternalError} from '../errors.js';
import {applyAll} from '../engine/dispatch.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import * as normalization from '../primitives/normalization.js';
import {type Tensor} from '../tensor/tensor.js';

// The fused forms that layers use. The composed ones that a test holds them to are beside the layers.

const rows = (x: Tensor): Tensor => (x.ndim === 2 ? x : x.reshape([-1, x.dim(-1)]));

const back = (y: Tensor, x: Tensor): Tensor => (x.ndim === 2 ? y : y.reshape(x.shape.map((n) => n ?? -1)));

/** gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axis, float32 or float64. */
export function layerNormalization(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
  op = 'layerNormalization',
): Tensor {
  if (isSymbolic(x)) return symbolicTensor(x);
  const [y] = applyAll(normalization.layerNormalization, [rows(x), gamma, beta], {epsilon}, op);
  if (y === undefined) throw new InternalError('layer_normalization gave nothing');
  return back(y, x);
}

/** Normalizes over all axes but the last with the batch's own statistics, which it gives too (population variance). */
export function batchNormalization(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
  op = 'batchNormalization',
): {y: Tensor; mean: Tensor; variance: Tensor} {
  if (isSymbolic(x)) return {y: symbolicTensor(x), mean: symbolicTensor(gamma), variance: symbolicTensor(gamma)};
  const [y, mean, variance] = applyAll(normalization.batchNormalization, [rows(x), gamma, beta], {epsilon}, op);
  if (y === undefined || mean === undefined || variance === undefined) {
    throw new InternalError('batch_normalization gave too little');
  }
  return {y: back(y, x), mean, variance};
}
