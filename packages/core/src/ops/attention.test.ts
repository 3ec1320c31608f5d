import {describe, expect, it} from 'vitest';
import {GradientTape, jit, ops, random, SeedGenerator, type Tensor, tensor} from '../index.js';
import '../internal.js';
import {composedAttention} from '../primitives/attention-composed.js';
import {stateAt} from '../random/seed.js';
import {attention, type AttentionSettings, LOWEST} from './fused-attention.js';

interface Sizes {
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly groups: number;
}

const SIZES: readonly Sizes[] = [
  {queries: 5, keys: 7, heads: 4, groups: 2},
  {queries: 150, keys: 140, heads: 2, groups: 2},
];

const make = ({queries, keys, heads, groups}: Sizes) => ({
  query: random.normal([2, queries, heads, 12], {seed: 1}),
  key: random.normal([2, keys, groups, 12], {seed: 2}),
  value: random.normal([2, keys, groups, 9], {seed: 3}),
  bias: random.normal([heads, queries, keys], {seed: 4}),
  mask: random.uniform([2, 1, queries, keys], {seed: 5}).greater(0.3),
  padding: random.uniform([2, 1, 1, keys], {seed: 6}).greater(0.5),
  dy: random.normal([2, queries, heads, 9], {seed: 7}),
});

type Data = ReturnType<typeof make>;

const SETTINGS: readonly (readonly [string, (data: Data) => AttentionSettings])[] = [
  ['plain', () => ({scale: 0.3})],
  ['causal', () => ({scale: 0.3, causal: true})],
  ['masked', ({mask}) => ({scale: 0.3, mask})],
  ['padded, causal and biased', ({padding, bias}) => ({scale: 0.3, mask: padding, bias, causal: true})],
  [
    'padded, where queries without keys give zero',
    ({padding}) => ({
      scale: 0.3,
      mask: ops.logicalAnd(padding, tensor([[[[true]]], [[[false]]]])),
      unseen: 'dropped',
    }),
  ],
  ['shifted', ({mask}) => ({scale: 0.3, mask, unseen: 'shifted', low: -1e9, causal: true})],
  ['with dropout', ({mask}) => ({scale: 0.3, mask, rate: 0.3, state: stateAt(17, 3)})],
];

const composed = (query: Tensor, key: Tensor, value: Tensor, {bias = null, mask = null, ...rest}: AttentionSettings) =>
  composedAttention(query, key, value, bias, mask, {
    causal: false,
    unseen: 'replaced',
    low: LOWEST,
    rate: 0,
    state: null,
    ...rest,
  });

function valuesAndGradients(data: Data, settings: AttentionSettings, fn: typeof attention): readonly Tensor[] {
  const {query, key, value} = data;
  const inputs = [query, key, value, ...(settings.bias === null || settings.bias === undefined ? [] : [settings.bias])];
  const tape = new GradientTape();
  for (const input of inputs) tape.watch(input);
  const [y, loss] = tape.record(() => {
    const out = fn(query, key, value, settings);
    return [out, out.mul(data.dy).sum()] as const;
  });
  return [y, ...tape.gradient(loss, inputs, {unconnectedGradients: 'zero'})];
}

describe('attention', () => {
  it.each(SIZES.flatMap((sizes) => SETTINGS.map(([name, settings]) => [name, sizes, settings] as const)))(
    'by the kernel equals the composed form, with its gradients: %s, %o',
    (_, sizes, settings) => {
      const data = make(sizes);
      const fused = valuesAndGradients(data, settings(data), attention);
      const wanted = valuesAndGradients(data, settings(data), composed);
      fused.forEach((x, i) => {
        const target = wanted[i] ?? x;
        expect(x.shape).toEqual(target.shape);
        expect(x.sub(target).abs().max().item()).toBeLessThan(3e-5);
        expect(target.abs().max().item()).toBeGreaterThan(0.1);
      });
    },
  );

  it('of a compiled function drops the same weights forward and backward, others in each call', () => {
    const data = make({queries: 5, keys: 7, heads: 4, groups: 2});
    const run = (fn: typeof attention) => {
      const seed = new SeedGenerator(5);
      const both = (query: Tensor) =>
        valuesAndGradients({...data, query}, {scale: 0.3, rate: 0.4, state: seed.next(), causal: true}, fn);
      return {both, compiled: jit(both)};
    };
    const {compiled} = run(attention);
    const {both} = run(composed);
    const all = [0, 1].map(() => {
      const made = compiled(data.query);
      const wanted = both(data.query);
      made.forEach((x, i) => {
        expect(
          x
            .sub(wanted[i] ?? x)
            .abs()
            .max()
            .item(),
        ).toBeLessThan(3e-5);
      });
      return made[0];
    });
    expect(
      all[0]
        ?.sub(all[1] ?? 0)
        .abs()
        .max()
        .item(),
    ).toBeGreaterThan(0.1);
  });

  it.each(['float16', 'bfloat16'] as const)('of %s is computed in float32 and rounded', (dtype) => {
    const {query, key, value} = make({queries: 5, keys: 7, heads: 4, groups: 2});
    const [q, k, v] = [query.cast(dtype), key.cast(dtype), value.cast(dtype)];
    const y = ops.dotProductAttention(q, k, v, {isCausal: true});
    expect(y.dtype).toBe(dtype);
    const wide = ops.dotProductAttention(q.cast('float32'), k.cast('float32'), v.cast('float32'), {isCausal: true});
    expect(y.cast('float32').array()).toEqual(wide.cast(dtype).cast('float32').array());
  });

  // Keras 3.15.1: masked scores become one large negative number, so the softmax of a row of them is even.
  it('of a query that sees no key is the mean of all values', () => {
    const {query, key, value} = make({queries: 5, keys: 7, heads: 2, groups: 2});
    const seen = tensor([[[[true], [false], [true], [true], [true]]]]);
    const y = ops.dotProductAttention(query, key, value, {mask: seen, isCausal: true});
    const mean = value.mean(1);
    expect(y.at(':', 1).sub(mean).abs().max().item()).toBeLessThan(1e-6);
    expect(y.at(':', 2).sub(mean).abs().max().item()).toBeGreaterThan(0.1);
  });
});
