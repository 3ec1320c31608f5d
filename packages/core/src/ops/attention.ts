import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toFloatPair, toTensor} from './convert.js';
import {logicalAnd, where} from './elementwise.js';
import {tri} from './arrange.js';
import {matmul} from './linalg.js';
import {softmax} from './nn.js';

export interface DotProductAttentionOptions {
  /** Added to the scores; broadcasts to [n, heads, queries, keys]. */
  bias?: AnyTensorLike | null | undefined;
  /** True where a query may see a key; broadcasts to [n, heads, queries, keys]. */
  mask?: AnyTensorLike | null | undefined;
  /** Factor of the scores. Default 1 / sqrt(size of a head). */
  scale?: number | null | undefined;
  /** Whether queries see keys up to their own position only. Default false. */
  isCausal?: boolean | undefined;
  /** Scores s become cap tanh(s / cap). Default: they stay. */
  attnLogitsSoftCap?: number | null | undefined;
}

/**
 * softmax(query key^T scale + bias) value for each head. Vaswani et al., "Attention is all you need", 2017.
 * @param query [n, queries, heads, size]
 * @param key [n, keys, heads or a divisor, size]; each serves as many heads as the quotient
 * @param value like key
 */
export function dotProductAttention(
  query: AnyTensorLike,
  key: AnyTensorLike,
  value: AnyTensorLike,
  options: DotProductAttentionOptions = {},
): Tensor {
  const op = 'dotProductAttention';
  checkOptions(op, options, ['bias', 'mask', 'scale', 'isCausal', 'attnLogitsSoftCap']);
  const [q, k] = toFloatPair(query, key, op);
  const [, v] = toFloatPair(q, value, op);
  const fits = q.ndim === 4 && k.ndim === 4 && v.ndim === 4 && q.dim(2) % k.dim(2) === 0 && q.shape[3] === k.shape[3];
  if (!fits) {
    throw new ShapeError(
      `${op}: query, key and value must have shape (n,length,heads,size), got ${show(q.shape)}, ${show(k.shape)} and ${show(v.shape)}`,
    );
  }
  const repeats = q.dim(2) / k.dim(2);
  const heads = (x: Tensor): Tensor => (repeats === 1 ? x : x.repeat(repeats, 2)).transpose([0, 2, 1, 3]);
  const raw = matmul(q.transpose([0, 2, 1, 3]), heads(k).transpose([0, 1, 3, 2])).mul(
    options.scale ?? 1 / Math.sqrt(q.dim(3)),
  );
  const cap = options.attnLogitsSoftCap;
  let scores = cap === undefined || cap === null ? raw : raw.div(cap).tanh().mul(cap);
  if (options.bias !== undefined && options.bias !== null) scores = scores.add(toFloat(options.bias, op));
  let mask: Tensor<boolean> | null = null;
  if (options.mask !== undefined && options.mask !== null)
    mask = castTo<boolean>(toTensor<Element>(options.mask, op), 'bool');
  if (options.isCausal === true) {
    const causal = castTo<boolean>(tri(q.dim(1), k.dim(1)), 'bool');
    mask = mask === null ? causal : logicalAnd(mask, causal);
  }
  // Far below every score, but finite, so that a row without keys gives no NaN.
  const lowest = q.dtype === 'float16' ? -45000 : -2.3819763e38;
  const masked = mask === null ? scores : where(mask, scores, lowest);
  return matmul(softmax(masked), heads(v)).transpose([0, 2, 1, 3]);
}
