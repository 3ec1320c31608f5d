import {apply} from '../engine/dispatch.js';
import {arange} from '../ops/create.js';
import {repeat} from '../ops/shape.js';
import {greaterEqual, logicalAnd, where} from '../ops/elementwise.js';
import {softmax} from '../ops/nn.js';
import {type Element} from '../dtype.js';
import {concrete} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {randomUniform, type RandomAttributes} from './random.js';

/** What becomes of the scores of keys that a query does not see. */
export type Unseen =
  /** They become `low`: a query that sees no key takes the mean of all values. */
  | 'replaced'
  /** The same, but a query that sees no key gives zero. */
  | 'dropped'
  /** `low` is added to them. */
  | 'shifted';

export interface AttentionAttributes {
  readonly scale: number;
  readonly causal: boolean;
  readonly unseen: Unseen;
  readonly low: number;
  /** The part of the weights that dropout sets to zero, less than 1. */
  readonly rate: number;
  /** Where the numbers of dropout come from; null where the rate is 0. */
  readonly state: RandomAttributes['state'] | null;
}

/** Query (n, queries, heads, size) as (n, heads, queries, size); keys and values are repeated to as many heads. */
function byHead(x: Tensor, heads: number): Tensor {
  const repeats = x.dim(2) === 0 ? 1 : heads / x.dim(2);
  return (repeats === 1 ? x : repeat(x, repeats, 2)).transpose([0, 2, 1, 3]);
}

/** Position i of the queries sees keys up to i. */
function causalMask(queries: number, keys: number): Tensor<boolean> {
  const rows = arange(0, queries, 1, 'int32').reshape([queries, 1]);
  return greaterEqual(rows, arange(0, keys, 1, 'int32').reshape([1, keys]));
}

interface Scores {
  /** Of all pairs (n, heads, queries, keys), those of unseen keys replaced. */
  readonly scores: Tensor;
  readonly seen: Tensor<boolean> | null;
}

/** With `cap`, products s become cap tanh(s / cap) first. */
function scoresOf(
  query: Tensor,
  key: Tensor,
  bias: Tensor | null,
  mask: Tensor<boolean> | null,
  {scale, causal, unseen, low}: AttentionAttributes,
  cap: number | null,
): Scores {
  const heads = query.dim(2);
  const raw = byHead(query, heads)
    .matmul(byHead(key, heads).transpose([0, 1, 3, 2]))
    .mul(scale);
  const capped = cap === null ? raw : raw.div(cap).tanh().mul(cap);
  const scores = bias === null ? capped : capped.add(bias);
  const positions = causal ? causalMask(query.dim(1), key.dim(1)) : null;
  const seen = mask !== null && positions !== null ? logicalAnd(mask, positions) : (mask ?? positions);
  if (seen === null) return {scores, seen};
  return {scores: where(seen, scores, unseen === 'shifted' ? scores.add(low) : low), seen};
}

/** Values by their weights, after dropout. */
function weigh(
  {scores, seen}: Scores,
  value: Tensor,
  heads: number,
  {unseen, rate, state}: AttentionAttributes,
): Tensor {
  const all = softmax(scores);
  const weights = seen !== null && unseen === 'dropped' ? where(seen, all, 0) : all;
  return dropped(weights, rate, state).matmul(byHead(value, heads)).transpose([0, 2, 1, 3]);
}

function dropped(weights: Tensor, rate: number, state: AttentionAttributes['state']): Tensor {
  if (state === null || rate === 0) return weights;
  const {dtype} = weights;
  const noise = {shape: concrete(weights.shape), dtype, state, low: 0, high: 1};
  const kept = apply(randomUniform, [], noise).greaterEqual(rate);
  return where(kept, weights.mul(1 / (1 - rate)), 0);
}

/** What the kernel of `attention` computes, in ops; the mask is true where a query may see a key. */
export function composedAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  bias: Tensor | null,
  mask: Tensor<boolean> | null,
  attributes: AttentionAttributes,
  cap: number | null = null,
): Tensor {
  return weigh(scoresOf(query, key, bias, mask, attributes, cap), value, query.dim(2), attributes);
}

/** The same with the largest score of each query and 1 / the sum of its weights before they are divided by it. */
export function attentionSteps(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  bias: Tensor,
  mask: Tensor<Element>,
  attributes: AttentionAttributes,
): readonly [y: Tensor, max: Tensor, rsum: Tensor] {
  const found = scoresOf(query, key, bias, mask as Tensor<boolean>, attributes, null);
  const y = weigh(found, value, query.dim(2), attributes);
  const {scores, seen} = found;
  const max = scores.max({axis: -1, keepdims: true});
  const rsum = scores.sub(max).exp().sum(-1).reciprocal();
  const given =
    seen === null || attributes.unseen !== 'dropped' ? rsum : where(seen.broadcastTo(scores.shape).any(-1), rsum, 0);
  return [y, max.squeeze(-1), given];
}
