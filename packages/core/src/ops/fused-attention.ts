import {applyAll} from '../engine/dispatch.js';
import {InternalError} from '../errors.js';
import {attention as primitive} from '../primitives/attention.js';
import {type AttentionAttributes} from '../primitives/attention-composed.js';
import {Tensor} from '../tensor/tensor.js';
import {castTo} from './convert.js';

/** Far below every score, but finite, so that a row without keys gives no NaN. */
export const LOWEST = -2.3819763e38;

/** What {@link attention} takes beside the tensors. */
export interface AttentionSettings extends Partial<Omit<AttentionAttributes, 'scale'>> {
  readonly scale: number;
  /** Added to the scores. */
  readonly bias?: Tensor | null;
  /** True where a query may see a key. */
  readonly mask?: Tensor<boolean> | null;
}

/**
 * softmax(query key^T scale + bias) value for each head, by the kernel that never stores the scores; for shapes as of
 * `dotProductAttention`. Halves are computed in float32.
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  {bias = null, mask = null, ...given}: AttentionSettings,
  op = 'attention',
): Tensor {
  const {dtype} = query;
  const single = (x: Tensor): Tensor => (dtype === 'float16' || dtype === 'bfloat16' ? castTo(x, 'float32') : x);
  const [q, k, v] = [single(query), single(key), single(value)];
  const added = bias === null ? Tensor.create([], q.dtype, 0) : single(bias);
  const seen = mask ?? Tensor.create<boolean>([], 'bool', 1);
  const attributes = {causal: false, unseen: 'replaced', low: LOWEST, rate: 0, state: null, ...given} as const;
  const [y] = applyAll(primitive, [q, k, v, added, seen], attributes, op);
  if (y === undefined) throw new InternalError('attention gave nothing');
  return castTo(y, dtype);
}
