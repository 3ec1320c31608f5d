import {expect, expectTypeOf, test} from 'vitest';
import {ops, type Tensor} from '@keratin/core';
import {layers} from './index.js';

// Types follow the options: what a call gives is known without casts.

const x = ops.ones([2, 3, 4]);

test('recurrent layers give one tensor, or the states after it', () => {
  expectTypeOf(new layers.LSTM(2)(x)).toEqualTypeOf<Tensor>();
  const [y, h, c] = new layers.LSTM(2, {returnState: true})(x);
  expectTypeOf([y, h, c]).toEqualTypeOf<Tensor[]>();
  expect([y, h, c].map(({shape}) => shape)).toEqual([
    [2, 2],
    [2, 2],
    [2, 2],
  ]);
  const [z, state] = new layers.GRU(2, {returnState: true, returnSequences: true})(x);
  expectTypeOf([z, state]).toEqualTypeOf<Tensor[]>();
  expectTypeOf(new layers.Bidirectional(new layers.GRU(2))(x)).toEqualTypeOf<Tensor>();
  const [output, [next]] = new layers.SimpleRNNCell(2)(ops.ones([2, 4]), [ops.zeros([2, 2])]);
  expect(output.shape).toEqual(next.shape);
});

test('attention gives one tensor, or the scores after it', () => {
  const attention = new layers.MultiHeadAttention(2, 3);
  expectTypeOf(attention(x, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(attention(x, x, x, {useCausalMask: true})).toEqualTypeOf<Tensor>();
  const [y, scores] = attention(x, x, {returnAttentionScores: true});
  expect([y.shape, scores.shape]).toEqual([
    [2, 3, 4],
    [2, 2, 3, 3],
  ]);
  const [z, weights] = new layers.Attention()([x, x], {returnAttentionScores: true});
  expect([z.shape, weights.shape]).toEqual([
    [2, 3, 4],
    [2, 3, 3],
  ]);
});

test('misspelt options do not compile', () => {
  // @ts-expect-error returnSequences is meant
  expect(() => new layers.LSTM(2, {returnSequence: true})).toThrow('returnSequences');
  // @ts-expect-error one of concat, sum, mul, ave or null
  expect(() => new layers.Bidirectional(new layers.LSTM(2), {mergeMode: 'add'})).toThrow('mergeMode');
  // @ts-expect-error useCausalMask is meant
  expect(() => new layers.MultiHeadAttention(2, 3)(x, x, {causal: true})).toThrow('useCausalMask');
  // @ts-expect-error a list of inputs
  expect(() => new layers.Add()(x)).toThrow('list of inputs');
});

test('lists and dictionaries of inputs are followed', () => {
  const pair = ops.ones([2, 3]);
  class Shares extends layers.Layer<{left: Tensor; right: Tensor}, {sum: Tensor; parts: [Tensor, Tensor]}> {
    override call({left, right}: {left: Tensor; right: Tensor}): {sum: Tensor; parts: [Tensor, Tensor]} {
      return {sum: left.add(right), parts: [left, right]};
    }
  }
  const shares = new Shares();
  const {sum, parts} = shares({left: pair, right: pair});
  expectTypeOf(sum).toEqualTypeOf<Tensor>();
  expectTypeOf(parts).toEqualTypeOf<[Tensor, Tensor]>();
  expect([sum.shape, parts[1].shape]).toEqual([
    [2, 3],
    [2, 3],
  ]);
  expectTypeOf(shares).parameter(0).toEqualTypeOf<{left: Tensor; right: Tensor}>();
  // @ts-expect-error right is missing
  expect(() => shares({left: pair})).toThrow();
  // @ts-expect-error one tensor is no dictionary
  expect(() => shares(pair)).toThrow();
  expectTypeOf(new layers.Concatenate()([pair, pair])).toEqualTypeOf<Tensor>();
  // @ts-expect-error a list of inputs
  expect(() => new layers.Concatenate()(pair)).toThrow('list of inputs');
  // @ts-expect-error a dictionary is no list
  expect(() => new layers.Add()({left: pair, right: pair})).toThrow();
  // @ts-expect-error what comes out is one tensor
  expect(new layers.Dense(2)(pair).sum1).toBeUndefined();
});
