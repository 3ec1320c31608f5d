import {applyAll} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {isRecording} from '../engine/recording.js';
import {ShapeError} from '../errors.js';
import {broadcastShapes, sameShape, type Shape, show} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AttentionAttributes, attentionSteps, type Unseen} from './attention-composed.js';
import {composedGradient} from './composed-gradient.js';
import {boolean, given, requireDType, requireSameDType, singleOrDouble, unbroadcast} from './rules.js';

// y = dropout(softmax(q k^T scale + bias)) v for each head, without the scores of all pairs in memory (Dao et al., 2022).
// While a tape follows, the gradients are those of the composed form, which have gradients of their own.

export {type AttentionAttributes} from './attention-composed.js';

const UNSEEN: readonly Unseen[] = ['replaced', 'dropped', 'shifted'];

const encode = ({scale, causal, unseen, low, rate, state}: AttentionAttributes): readonly number[] => [
  scale,
  causal ? 1 : 0,
  UNSEEN.indexOf(unseen),
  low,
  rate,
  ...(state ?? [0, 0, 0, 0]),
];

interface Sizes {
  readonly scores: Shape;
  readonly output: Shape;
}

const fit = (a: number | null | undefined, b: number | null | undefined): boolean =>
  a === b || (a ?? null) === null || (b ?? null) === null;

/** Checks query [n,t,h,d], key [n,s,g,d], value [n,s,g,e], and that bias and mask broadcast to [n,h,t,s]. */
function sizesOf(inputs: readonly Spec[], op: string): Sizes {
  const [query, key, value, bias, mask] = [0, 1, 2, 3, 4].map((i) => given(inputs[i], op));
  const [q, k, v] = [given(query, op), given(key, op), given(value, op)];
  requireSameDType(op, ['query', 'key', 'value', 'bias'], [q, k, v, given(bias, op)]);
  requireDType(op, singleOrDouble, q, 'query');
  requireDType(op, boolean, given(mask, op), 'mask');
  const [n = null, t = null, h = null, d = null] = q.shape;
  const [, s = null, g = null] = k.shape;
  const fits =
    [q, k, v].every(({shape}) => shape.length === 4 && fit(shape[0], n)) &&
    [k, v].every(({shape}) => fit(shape[1], s) && fit(shape[2], g)) &&
    fit(k.shape[3], d) &&
    (h === null || g === null || (g > 0 ? h % g === 0 : h === 0));
  if (!fits) {
    throw new ShapeError(
      `${op}: query, key and value must have shape (n,length,heads,size), got ${show(q.shape)}, ${show(k.shape)} and ${show(v.shape)}`,
    );
  }
  const scores: Shape = [n, h, t, s];
  for (const [name, spec] of [['bias', bias] as const, ['mask', mask] as const]) {
    const shape = given(spec, op).shape;
    const whole = broadcastShapes(shape, scores);
    if (whole === null || !sameShape(whole, scores)) {
      throw new ShapeError(
        `${op}: ${name} must broadcast to (n,heads,queries,keys) ${show(scores)}, got shape ${show(shape)}`,
      );
    }
  }
  return {scores, output: [n, t, h, v.shape[3] ?? null]};
}

/** Bias and mask, which are at `first` and after it, arrive with the shape of the scores. */
const ofScores =
  (first: number) =>
  (inputs: readonly Spec[], _: readonly Spec[], index: number): Shape | null => {
    if (index !== first && index !== first + 1) return null;
    const [query, key] = [given(inputs[first - 3], 'attention'), given(inputs[first - 2], 'attention')];
    return [query.shape[0] ?? null, query.shape[2] ?? null, query.shape[1] ?? null, key.shape[1] ?? null];
  };

/**
 * Attention of each head; also the largest score of each query and 1 / the sum of its weights. A bias of one 0 and a mask of one
 * true stand for none.
 */
export const attention = definePrimitive('attention', {
  inputs: ['query', 'key', 'value', 'bias', 'mask'],
  outputs: ['y', 'max', 'rsum'],
  infer: (inputs: readonly Spec[], _: AttentionAttributes, op) => {
    const {output} = sizesOf(inputs, op);
    const {dtype} = given(inputs[0], op);
    const rows: Spec = {shape: [output[0] ?? null, output[2] ?? null, output[1] ?? null], dtype};
    return [{shape: output, dtype}, rows, rows];
  },
  run: {kind: 'strided', encode, broadcast: ofScores(3)},
  gradient: {
    saves: ['query', 'key', 'value', 'bias', 'mask', 'y', 'max', 'rsum'],
    vjp: ({query, key, value, bias, mask, y, max, rsum}, dy, {attributes, inputs, needs, cotangents}) => {
      if (isRecording() || cotangents.slice(1).some((statistic) => statistic !== null)) {
        const steps = (...[q, k, v, b]: readonly Tensor[]) =>
          attentionSteps(q ?? query, k ?? key, v ?? value, b ?? bias, mask, attributes);
        return [...composedGradient(steps, [query, key, value, bias], cotangents), null];
      }
      const [dq, dk, dv, dscores] = applyAll(attentionGradient, [dy, query, key, value, bias, mask, y, max, rsum], {
        ...attributes,
        state: attributes.state,
        withBias: needs[3] === true,
      });
      const dbias =
        needs[3] === true && dscores !== undefined ? unbroadcast(dscores, given(inputs[3], 'attention')) : null;
      return [dq ?? null, dk ?? null, dv ?? null, dbias, null];
    },
  },
});

export interface AttentionGradientAttributes extends AttentionAttributes {
  /** Whether the gradients of the scores are wanted as well. */
  readonly withBias: boolean;
}

/** Runs only where nobody follows. */
export const attentionGradient: Primitive<AttentionGradientAttributes> = definePrimitive('attention_gradient', {
  inputs: ['dy', 'query', 'key', 'value', 'bias', 'mask', 'y', 'max', 'rsum'],
  outputs: ['dquery', 'dkey', 'dvalue', 'dscores'],
  infer: (inputs: readonly Spec[], {withBias}: AttentionGradientAttributes, op) => {
    const {scores} = sizesOf(inputs.slice(1), op);
    const {dtype} = given(inputs[0], op);
    const [query, key, value] = [given(inputs[1], op), given(inputs[2], op), given(inputs[3], op)];
    return [query, key, value, {shape: withBias ? scores : [0, ...scores.slice(1)], dtype}];
  },
  run: {kind: 'strided', encode, broadcast: ofScores(4)},
  gradient: null,
});
