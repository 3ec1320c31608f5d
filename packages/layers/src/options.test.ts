import {describe, expect, test} from 'vitest';
import {ops, random, setSeed, tensor, type Tensor} from '@keratin/core';
import {layers} from './index.js';

// Options that the recorded configs do not hold.

const distance = (a: Tensor, b: Tensor): number => ops.max(ops.abs(a.sub(b))).item();

describe('first values', () => {
  test('of an Embedding, alone or in a list', () => {
    const table = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    for (const weights of [table, [tensor(table)] as const]) {
      const layer = new layers.Embedding(3, 2, {weights});
      expect(layer([[2, 0]] as never).array()).toEqual([[table[2], table[0]]]);
    }
    expect(
      () =>
        new layers.Embedding(3, 2, {
          weights: [
            [1, 2],
            [3, 4],
          ],
        }),
    ).toThrow('Embedding: weights must be a table (3,2), got (2,2)');
  });

  test('of both directions', () => {
    const x = random.normal([2, 4, 3]);
    const first = new layers.Bidirectional(new layers.GRU(2));
    const y = first(x);
    const second = new layers.Bidirectional(new layers.GRU(2), {weights: first.getWeights()});
    expect(distance(second(x), y)).toBe(0);
  });
});

describe('low-rank adaptation', () => {
  test('of an Embedding: starts at the table, trains the two small matrices alone, is in the config', () => {
    const layer = new layers.Embedding(6, 4, {loraRank: 2, loraAlpha: 3});
    const ids = tensor([[1, 5, 0]], 'int32');
    const before = layer(ids);
    expect(layer.trainableVariables.map(({name}) => name)).toEqual(['lora_embeddings_a', 'lora_embeddings_b']);
    expect(distance(before, ops.take(layer.embeddings, ids, 0))).toBe(0);
    layer.loraEmbeddingsB?.assign(ops.ones([2, 4]));
    const a = layer.loraEmbeddingsA ?? before;
    const more = ops
      .take(a, ids, 0)
      .matmul(ops.ones([2, 4]))
      .mul(3 / 2);
    expect(distance(layer(ids), before.add(more))).toBeLessThan(1e-6);
    expect(layer.getConfig()).toMatchObject({lora_rank: 2, lora_alpha: 3});
    expect(() => {
      layer.enableLora(1);
    }).toThrow('it is enabled already');
  });

  test('of an EinsumDense: the kernel of any rank', () => {
    const layer = new layers.EinsumDense('abc,cde->abde', [null, 2, 3], {loraRank: 2});
    const x = random.normal([2, 5, 4]);
    const before = layer(x);
    expect(layer.trainableVariables.map(({shape}) => shape)).toEqual([
      [4, 2, 2],
      [2, 3],
    ]);
    layer.loraKernelB?.assign(ops.ones([2, 3]));
    const kernel = layer.kernel.add(ops.matmul(layer.loraKernelA ?? before, ops.ones([2, 3])));
    expect(distance(layer(x), ops.einsum('abc,cde->abde', x, kernel))).toBeLessThan(1e-5);
  });
});

describe('dropout of recurrent layers', () => {
  const x = ops.ones([64, 6, 8]);
  const make = {
    SimpleRNN: (o: object) => new layers.SimpleRNN(5, o),
    LSTM: (o: object) => new layers.LSTM(5, o),
    GRU: (o: object) => new layers.GRU(5, o),
  };
  test.each(Object.entries(make))(
    '%s: drops while training, the same for the same seed, one mask for all steps',
    (_, layer) => {
      for (const options of [{dropout: 0.5}, {recurrentDropout: 0.5}, {dropout: 0.4, recurrentDropout: 0.3}]) {
        setSeed(5);
        const one = layer({...options, seed: 9});
        const y = one(x, {training: true});
        expect(distance(y, one(x))).toBeGreaterThan(1e-3);
        // Another mask at each call.
        expect(distance(y, one(x, {training: true}))).toBeGreaterThan(1e-3);
        setSeed(5);
        const other = layer({...options, seed: 9});
        other.build(x.shape as never);
        other.setWeights(one.getWeights());
        expect(distance(other(x, {training: true}), y)).toBe(0);
      }
    },
  );
  test('inputs that are dropped are 0 in every step, and the others scaled', () => {
    const layer = new layers.SimpleRNN(8, {
      dropout: 0.25,
      kernelInitializer: 'identity',
      recurrentInitializer: 'zeros',
      activation: 'linear',
      returnSequences: true,
    });
    const y = layer(x, {training: true});
    const values = new Set(y.data());
    expect([...values].map((value) => Number(value.toFixed(5))).sort()).toEqual([0, 1.33333]);
    expect(distance(y.at(':', 0), y.at(':', 5))).toBe(0);
    expect(ops.mean(y).item()).toBeCloseTo(1, 0);
  });
});
