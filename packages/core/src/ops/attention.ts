import {type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {composedAttention} from '../primitives/attention-composed.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toFloatPair, toTensor} from './convert.js';
import {attention, LOWEST} from './fused-attention.js';

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
 * softmax(query key^T scale + bias) value for each head. Vaswani et al., "Attention is all you need", 2017. The scores of all pairs
 * are never in memory (Dao et al., "FlashAttention", 2022), but with `attnLogitsSoftCap`.
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
  const bias = options.bias === undefined || options.bias === null ? null : toFloat(options.bias, op);
  const mask =
    options.mask === undefined || options.mask === null
      ? null
      : castTo<boolean>(toTensor<Element>(options.mask, op), 'bool');
  const scale = options.scale ?? 1 / Math.sqrt(q.dim(3));
  const causal = options.isCausal === true;
  const cap = options.attnLogitsSoftCap ?? null;
  if (cap === null) return attention(q, k, v, {bias, mask, scale, causal}, op);
  const low = q.dtype === 'float16' ? -45000 : LOWEST;
  const attributes = {scale, causal, unseen: 'replaced', low, rate: 0, state: null} as const;
  return composedAttention(q, k, v, bias, mask, attributes, cap);
}
