import {ops, random, type Tensor} from '@keratin/core';
import {beforeEach, describe, expect, test} from 'vitest';
import {layers} from '../index.js';
import {clearSession} from '../internal.js';

beforeEach(clearSession);

const OPTIONS = {stateful: true, returnSequences: true} as const;

describe.each([
  ['SimpleRNN', () => new layers.SimpleRNN(3, OPTIONS)],
  ['LSTM', () => new layers.LSTM(3, OPTIONS)],
  ['GRU', () => new layers.GRU(3, OPTIONS)],
] as const)('a stateful %s', (_, make) => {
  const x = random.normal([2, 6, 4], {seed: 1});
  const far = (a: Tensor, b: Tensor): number => ops.max(ops.abs(a.sub(b))).item();

  test('goes on where the last call ended, and starts over after resetState', () => {
    const layer = make();
    const first = layer(x.at(':', ':3'));
    const rest = layer(x.at(':', '3:'));
    layer.resetState();
    const whole = layer(x);
    expect(far(ops.concatenate([first, rest], 1), whole)).toBeLessThan(1e-6);
    expect(far(layer(x), whole)).toBeGreaterThan(1e-3);
    layer.resetState();
    expect(far(layer(x), whole)).toBe(0);
  });

  test('is built again from its build config: states are neither weights to train nor lost', () => {
    const layer = make();
    layer(x);
    expect(layer.trainableVariables.some(({name}) => name === 'rnn_state')).toBe(false);
    const copy = layers.deserialize(JSON.parse(JSON.stringify(layers.serialize(layer)))) as ReturnType<typeof make>;
    expect(copy.built).toBe(true);
    expect(copy.weights.map(({shape}) => shape)).toEqual(layer.weights.map(({shape}) => shape));
    copy.setWeights(layer.getWeights());
    copy.resetState();
    layer.resetState();
    expect(far(copy(x), layer(x))).toBe(0);
  });
});
