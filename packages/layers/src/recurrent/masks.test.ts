import {afterEach, describe, expect, test, vi} from 'vitest';
import {tensor, type Tensor} from '@keratin/core';
import {maskOf, originOf} from '@keratin/core/internal';
import {Input, layers} from '../index.js';

// What Keras gives where sequences have a mask and the first states are given too. The numbers are Keras's.

afterEach(() => {
  vi.restoreAllMocks();
});

/** y = 2 * 0.5 + 0.5 y: the embedding of each id is 2. */
const embedding = () =>
  new layers.Embedding(4, 1, {maskZero: true, embeddingsInitializer: {class_name: 'Constant', config: {value: 2}}});
const rnn = () =>
  new layers.SimpleRNN(1, {
    kernelInitializer: {class_name: 'Constant', config: {value: 0.5}},
    recurrentInitializer: {class_name: 'Constant', config: {value: 0.5}},
    activation: 'linear',
    returnSequences: true,
  });
const values = (y: unknown): unknown => (y as Tensor).reshape([-1]).array();

describe('masks that travel with sequences', () => {
  test('are used alone, not beside first states, and a warning says so', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const x = embedding()(tensor([[1, 0, 2]], 'int32'));
    const layer = rnn();
    expect(values(layer(x))).toEqual([1, 1, 1.5]);
    expect(warn).not.toHaveBeenCalled();
    const initialState = [tensor([[1]])];
    const y = layer(x, {initialState});
    expect(values(y)).toEqual([1.5, 1.75, 1.875]);
    // The outputs are masked all the same.
    expect(maskOf(y)?.array()).toEqual([[true, false, true]]);
    expect(warn.mock.calls).toEqual([
      [
        `${layer.name}: beside other tensors the mask that travels with the inputs is not used, as in Keras; pass it as mask`,
        'KeratinWarning',
      ],
    ]);
    layer(x, {initialState});
    expect(warn).toHaveBeenCalledTimes(1);
    expect(values(layer(x, {initialState, mask: maskOf(x) ?? undefined}))).toEqual([1.5, 1.5, 1.75]);
  });

  test('both directions of Bidirectional agree', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const x = embedding()(tensor([[1, 0, 2]], 'int32'));
    const layer = new layers.Bidirectional(rnn(), {mergeMode: null});
    const initialState = [tensor([[1]]), tensor([[1]])];
    const [forward, backward] = layer(x, {initialState}) as unknown as [Tensor, Tensor];
    expect([values(forward), values(backward)]).toEqual([
      [1.5, 1.75, 1.875],
      [1.875, 1.75, 1.5],
    ]);
  });

  test('a functional model records the mask where it is used only', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const x = embedding()(Input({shape: [null], dtype: 'int32'}));
    const optionsOf = (y: unknown) => originOf(y as Tensor)?.node.options;
    expect(Object.keys(optionsOf(rnn()(x)) ?? {})).toEqual(['mask']);
    expect(Object.keys(optionsOf(rnn()(x, {initialState: [Input({shape: [1]})]})) ?? {})).toEqual(['initialState']);
  });
});
