import {config, GradientTape, ops, random, type Tensor} from '@keratin/core';
import {afterEach, describe, expect, test} from 'vitest';
import {Input, layers} from '../index.js';
import {clearSession} from '../internal.js';

afterEach(clearSession);

const MIXED = [
  ['mixed_float16', 'float16'],
  ['mixed_bfloat16', 'bfloat16'],
] as const;

describe('the policy of layers made without a dtype', () => {
  test('is that of floatx, what was set, and floatx again in a new session', () => {
    expect(config.dtypePolicy()).toEqual({name: 'float32', computeDtype: 'float32', variableDtype: 'float32'});
    config.setDtypePolicy('mixed_float16');
    const mixed = config.dtypePolicy();
    expect(mixed).toEqual({name: 'mixed_float16', computeDtype: 'float16', variableDtype: 'float32'});
    expect(new layers.Dense(2).dtypePolicy).toEqual(mixed);
    config.setDtypePolicy('bfloat16');
    expect(new layers.Dense(2).dtype).toBe('bfloat16');
    config.setDtypePolicy(mixed);
    expect(new layers.Dense(2).dtypePolicy.name).toBe('mixed_float16');
    // As in Keras: a dtype of one's own wins, and neither inputs nor layers that were made before change.
    expect(new layers.Dense(2, {dtype: 'float64'}).dtypePolicy.name).toBe('float64');
    expect(Input({shape: [3]}).dtype).toBe('float32');
    expect(config.floatx()).toBe('float32');
    expect(new layers.Hashing(3).dtypePolicy.name).toBe('int64');
    const before = new layers.Dense(2);
    clearSession();
    expect(new layers.Dense(2).dtypePolicy.name).toBe('float32');
    expect(before.computeDtype).toBe('float16');
    config.setFloatx('float64');
    try {
      expect(new layers.Dense(2).dtypePolicy.name).toBe('float64');
      config.setDtypePolicy('mixed_bfloat16');
      expect(new layers.Dense(2).dtypePolicy.name).toBe('mixed_bfloat16');
    } finally {
      config.setFloatx('float32');
    }
  });

  test('must be one that there is; nothing changes otherwise', () => {
    for (const [given, sentence] of [
      ['mixed_float61', 'setDtypePolicy: unknown dtype "mixed_float61"; did you mean "mixed_float16"?'],
      [3, 'setDtypePolicy: the name of a policy, such as "mixed_float16", or a policy is needed, got 3'],
      [null, 'setDtypePolicy: the name of a policy, such as "mixed_float16", or a policy is needed, got null'],
    ] as const) {
      expect(() => {
        config.setDtypePolicy(given as never);
      }).toThrow(sentence);
    }
    expect(config.dtypePolicy().name).toBe('float32');
    expect(() => new layers.Dense(2, {dtype: 'mixed_floot16' as never})).toThrow(
      'Dense: unknown dtype "mixed_floot16"; did you mean "mixed_float16"?',
    );
  });
});

describe.each(MIXED)('%s for all layers', (policy, half) => {
  /** Layers with layers within: all of them get the policy. */
  const make = () => [
    new layers.LSTM(4, {returnSequences: true}),
    new layers.MultiHeadAttention(2, 3),
    new layers.Bidirectional(new layers.GRU(2, {returnSequences: true})),
    new layers.TimeDistributed(new layers.Dense(3)),
    new layers.LayerNormalization(),
    new layers.Conv1D(2, 2),
  ];

  test('computes in the half type near to float32; weights and their gradients are float32', () => {
    const x = random.normal([2, 5, 4], {seed: 1});
    const run = (layer: ReturnType<typeof make>[number]): Tensor =>
      layer instanceof layers.MultiHeadAttention ? layer(x, x) : layer(x);
    const plain = make();
    config.setDtypePolicy(policy);
    make().forEach((layer, i) => {
      const y = run(layer);
      const other = plain[i] ?? layer;
      const wanted = run(other);
      layer.setWeights(other.getWeights());
      expect(y.dtype).toBe(half);
      expect(wanted.dtype).toBe('float32');
      const distance = ops.max(ops.abs(run(layer).cast('float32').sub(wanted))).item();
      expect(distance).toBeLessThan(half === 'float16' ? 0.01 : 0.08);
      expect(layer.flattenLayers().every(({dtypePolicy}) => dtypePolicy.name === policy)).toBe(true);
      expect(layer.weights.every(({dtype}) => dtype === 'float32')).toBe(true);
      const tape = new GradientTape();
      const loss = tape.record(() => run(layer).cast('float32').square().sum());
      const gradients = tape.gradient(loss, [...layer.trainableVariables]);
      expect(gradients.every(({dtype}) => dtype === 'float32')).toBe(true);
      expect(layers.serialize(layer).config).toMatchObject({dtype: {config: {name: policy}}});
    });
  });
});
