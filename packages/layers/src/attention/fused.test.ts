import {GradientTape, random, type Tensor, tensor} from '@keratin/core';
import {concrete} from '@keratin/core/internal';
import {describe, expect, it} from 'vitest';
import {Attention, GroupedQueryAttention, MultiHeadAttention} from '../layers.js';
import {type AttentionCallOptions} from './attention.js';
import {type HeadsCallOptions} from './heads.js';

// Scores that are asked for are made one operation after the other; else a kernel does it all. Both give the same.

const QUERIES = 6;
const KEYS = 9;

const inputs = () => [random.normal([2, QUERIES, 8], {seed: 1}), random.normal([2, KEYS, 8], {seed: 2})] as const;

const padding = tensor([
  [true, true, true, true, true, false, true, false, false],
  [false, false, false, false, false, false, false, false, false],
]);

const CALLS: readonly (readonly [string, HeadsCallOptions])[] = [
  ['plain', {}],
  ['causal', {useCausalMask: true}],
  ['padded', {valueMask: padding}],
  ['padded and causal', {valueMask: padding, useCausalMask: true}],
  ['masked by pairs', {attentionMask: random.uniform([2, QUERIES, KEYS], {seed: 3}).greater(0.4)}],
];

interface Attending {
  readonly trainableVariables: readonly Tensor[];
}

/** The output and the gradients of inputs and weights. */
function everything<L extends Attending>(
  layer: L,
  call: (layer: L, x: Tensor, z: Tensor) => Tensor,
): readonly Tensor[] {
  const [x, z] = inputs();
  call(layer, x, z);
  const tape = new GradientTape();
  tape.watch(x);
  tape.watch(z);
  const [y, loss] = tape.record(() => {
    const output = call(layer, x, z);
    return [output, output.mul(random.normal(concrete(output.shape), {seed: 4})).sum()] as const;
  });
  return [y, ...tape.gradient(loss, [x, z, ...layer.trainableVariables], {unconnectedGradients: 'zero'})];
}

function expectEqual(fused: readonly Tensor[], composed: readonly Tensor[]): void {
  expect(fused.length).toBe(composed.length);
  fused.forEach((x, i) => {
    expect(
      x
        .sub(composed[i] ?? x)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(2e-5);
  });
  expect(fused[0]?.abs().max().item()).toBeGreaterThan(0.1);
}

type WithHeads = MultiHeadAttention | GroupedQueryAttention;

const HEADS: Readonly<Record<string, (dropout: number) => WithHeads>> = {
  MultiHeadAttention: (dropout) => new MultiHeadAttention(2, 5, {valueDim: 3, dropout, seed: 7, useGate: true}),
  GroupedQueryAttention: (dropout) => new GroupedQueryAttention(4, 4, 2, {dropout, seed: 7}),
};

const withScores = (options: HeadsCallOptions) => (layer: WithHeads, x: Tensor, z: Tensor) =>
  layer(x, z, {...options, training: true, returnAttentionScores: true})[0];
const withoutScores = (options: HeadsCallOptions) => (layer: WithHeads, x: Tensor, z: Tensor) =>
  layer(x, z, {...options, training: true});

describe.each(Object.entries(HEADS))('%s', (_, make) => {
  it.each(CALLS)('by the kernel equals its operations, %s', (name, options) => {
    const layer = make(0);
    // A query without keys takes the mean of all values in one, and nothing in the other, as in Keras.
    const first = padding.at(':1').broadcastTo([2, KEYS]);
    const seen = name.startsWith('padded') ? {...options, valueMask: first} : options;
    expectEqual(everything(layer, withoutScores(seen)), everything(layer, withScores(seen)));
  });

  it.each(CALLS)('with dropout draws the same weights and gives the same, %s', (_, options) => {
    const [fused, composed] = [make(0.4), make(0.4)];
    const [x, z] = inputs();
    fused(x, z);
    composed(x, z);
    composed.setWeights(fused.getWeights());
    const all = everything(fused, withoutScores(options));
    expectEqual(all, everything(composed, withScores(options)));
    const still = fused(x, z, {...options, training: false});
    expect(
      still
        .sub(all[0] ?? still)
        .abs()
        .max()
        .item(),
    ).toBeGreaterThan(0.01);
  });
});

const ATTENTION_CALLS: readonly (readonly [string, AttentionCallOptions])[] = [
  ['plain', {}],
  ['causal', {useCausalMask: true}],
  ['padded', {mask: [null, padding]}],
  ['padded and causal, with a mask of queries', {mask: [padding.at(':', ':6'), padding], useCausalMask: true}],
];

describe('Attention', () => {
  it.each(ATTENTION_CALLS.flatMap(([name, options]) => [0, 0.3].map((dropout) => [name, dropout, options] as const)))(
    'by the kernel equals its operations, %s, dropout %d',
    (_, dropout, options) => {
      const [fused, composed] = [0, 1].map(() => new Attention({useScale: true, dropout, seed: 3}));
      if (fused === undefined || composed === undefined) throw new Error('two layers');
      const all = everything(fused, (layer, x, z) => layer([x, z], {...options, training: true}));
      const wanted = everything(
        composed,
        (layer, x, z) => layer([x, z], {...options, training: true, returnAttentionScores: true})[0],
      );
      expectEqual(all, wanted);
    },
  );
});
