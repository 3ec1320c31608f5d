import {describe, expect, test} from 'vitest';
import {KeratinError, ops} from '@keratin/core';
import {layers} from './index.js';

// What users get wrong with layers: each mistake has one sentence that names the layer, the rule and what was given.

const x = (...shape: number[]) => ops.ones(shape);

/** Layers and their calls as plain JavaScript sees them. */
type Loose = (...args: readonly unknown[]) => unknown;
function make(name: keyof typeof layers, ...args: readonly unknown[]): Loose {
  return Reflect.construct(layers[name] as new () => Loose, args) as Loose;
}

const MISTAKES: readonly (readonly [what: string, mistake: () => unknown, message: string])[] = [
  ['Conv1D rank', () => new layers.Conv1D(2, 3, {name: 'c'})(x(2, 5)), 'c: expects inputs of rank 3, got inputs (2,5)'],
  [
    'Conv2D too large',
    () => new layers.Conv2D(2, 9, {name: 'c'})(x(2, 5, 5, 1)),
    'c: the window (9,9) does not fit inputs (2,5,5,1) with this padding',
  ],
  [
    'Conv2D groups',
    () => new layers.Conv2D(4, 3, {name: 'c', groups: 2})(x(2, 5, 5, 3)),
    'c: the channels (axis 3) must be known and divide into 2 groups, got inputs (2,5,5,3)',
  ],
  [
    'Conv2D filters groups',
    () => new layers.Conv2D(3, 3, {groups: 2}),
    'Conv2D: filters must divide into groups, got filters 3 and groups 2',
  ],
  [
    'Conv2D stride dilation',
    () => new layers.Conv2D(3, 3, {strides: 2, dilationRate: 2}),
    'Conv2D: strides above 1 and dilationRate above 1 cannot be combined, got (2,2) and (2,2)',
  ],
  [
    'Conv2D causal',
    () => make('Conv2D', 3, 3, {padding: 'causal'}),
    'Conv2D: padding must be one of valid, same, got "causal"',
  ],
  [
    'Conv2D option',
    () => make('Conv2D', 3, 3, {stride: 2}),
    'Conv2D: unknown option "stride"; did you mean "strides"?',
  ],
  [
    'Conv2D channels change',
    () => {
      const c = new layers.Conv2D(2, 3, {name: 'c'});
      c(x(1, 5, 5, 3));
      c(x(1, 5, 5, 1));
    },
    'c: expects axis 3 of size 3, got inputs (1,5,5,1)',
  ],
  [
    'Conv2DTranspose padding',
    () => new layers.Conv2DTranspose(2, 3, {strides: 2, outputPadding: 2}),
    'Conv2DTranspose: outputPadding must be non-negative integers below strides (2,2), got 2',
  ],
  [
    'Conv2DTranspose rank',
    () => new layers.Conv2DTranspose(2, 3, {name: 'c'})(x(2, 5, 5)),
    'c: expects inputs of rank 4, got inputs (2,5,5)',
  ],
  [
    'DepthwiseConv2D rank',
    () => new layers.DepthwiseConv2D(3, {name: 'c'})(x(2, 5, 5)),
    'c: expects inputs of rank 4, got inputs (2,5,5)',
  ],
  [
    'DepthwiseConv2D multiplier',
    () => new layers.DepthwiseConv2D(3, {depthMultiplier: 0}),
    'DepthwiseConv2D: depthMultiplier must be a positive integer, got 0',
  ],
  [
    'SeparableConv2D small',
    () => new layers.SeparableConv2D(2, 7, {name: 'c'})(x(2, 5, 5, 1)),
    "c: a window of (7,7) does not fit inputs (2,5,5,1) with padding 'valid'",
  ],
  [
    'EinsumDense equation',
    () => new layers.EinsumDense('ab,bc', 3),
    'EinsumDense: the equation must look like "ab,bc->ac", "...ab,bc->...ac" or "ab...,bc->ac...", got "ab,bc"',
  ],
  [
    'EinsumDense rank',
    () => new layers.EinsumDense('abc,cd->abd', [null, 3], {name: 'e'})(x(2, 3)),
    'e: the equation "abc,cd->abd" needs inputs of rank 3 or more, got inputs (2,3)',
  ],
  [
    'EinsumDense bias',
    () => new layers.EinsumDense('ab,bc->ac', 3, {name: 'e', biasAxes: 'z'})(x(2, 3)),
    'e: axis "z" of biasAxes is not in the outputs "ac"',
  ],
  [
    'Embedding range',
    () => new layers.Embedding(3, 2, {name: 'e'})([[3]] as never),
    'e: ids must be below inputDim 3; index 3 is out of range for an axis of size 3',
  ],
  ['Add list', () => new layers.Add({name: 'a'})(x(2, 3) as never), 'a: expects a list of inputs, got inputs (2,3)'],
  [
    'Add shapes',
    () => new layers.Add({name: 'a'})([x(2, 3), x(2, 4)]),
    'a: inputs (2,3), (2,4) do not broadcast to each other',
  ],
  [
    'Add batch',
    () => new layers.Add({name: 'a'})([x(2, 3), x(3, 3)]),
    'a: all inputs must have one batch size, got inputs (2,3), (3,3)',
  ],
  [
    'Subtract count',
    () => new layers.Subtract({name: 'a'})([x(2, 3), x(2, 3), x(2, 3)]),
    'a: expects exactly 2 inputs, got 3',
  ],
  [
    'Concatenate sizes',
    () => new layers.Concatenate({name: 'a', axis: 1})([x(2, 3, 4), x(2, 3, 5)]),
    'a: inputs must have the same sizes on every axis but 1, got inputs (2,3,4), (2,3,5)',
  ],
  [
    'Concatenate axis',
    () => new layers.Concatenate({name: 'a', axis: 5})([x(2, 3, 4), x(2, 3, 4)]),
    'a: inputs (2,3,4) have no axis 5',
  ],
  [
    'Dot axes',
    () => new layers.Dot(1, {name: 'd'})([x(2, 3), x(2, 4)]),
    'd: axes (1,1) must be axes of one size, and not the batch, of inputs (2,3) and (2,4)',
  ],
  [
    'Dot batch',
    () => new layers.Dot(0, {name: 'd'})([x(2, 3), x(2, 3)]),
    'd: axes (0,0) must be axes of one size, and not the batch, of inputs (2,3) and (2,3)',
  ],
  [
    'Permute dims',
    () => new layers.Permute([0, 1]),
    'Permute: dims must hold each of 1, 2, ... once (axes of a sample without the batch), got [0, 1]',
  ],
  [
    'Permute rank',
    () => new layers.Permute([2, 1], {name: 'p'})(x(2, 3)),
    'p: expects inputs of rank 3, got inputs (2,3)',
  ],
  [
    'RepeatVector rank',
    () => new layers.RepeatVector(2, {name: 'p'})(x(2, 3, 4)),
    'p: expects inputs of rank 2, got inputs (2,3,4)',
  ],
  [
    'Cropping2D all',
    () => new layers.Cropping2D(3, {name: 'p'})(x(2, 5, 5, 1)),
    'p: cropping (3,3) leaves nothing of axis 1 of inputs (2,5,5,1)',
  ],
  [
    'Cropping2D arg',
    () => make('Cropping2D', [1, 2, 3]),
    'Cropping2D: cropping must be a non-negative integer or a number or pair for each of 2 axes, got [1, 2, 3]',
  ],
  [
    'ZeroPadding1D arg',
    () => make('ZeroPadding1D', -1),
    'ZeroPadding1D: padding must be a non-negative integer or a pair [start, end], got -1',
  ],
  [
    'UpSampling2D size',
    () => new layers.UpSampling2D(0),
    'UpSampling2D: size must be a positive integer or 2 of them, got 0',
  ],
  [
    'UpSampling2D interpolation',
    () => make('UpSampling2D', 2, {interpolation: 'cubic'}),
    'UpSampling2D: interpolation must be one of nearest, bilinear, bicubic, lanczos3, lanczos5, got "cubic"',
  ],
  [
    'PReLU axes',
    () => new layers.PReLU({name: 'p', sharedAxes: [3]})(x(2, 3)),
    'p: sharedAxes (3,) must be axes of the inputs and all other sizes known, got inputs (2,3)',
  ],
  [
    'ReLU slope',
    () => new layers.ReLU({negativeSlope: -1}),
    'ReLU: negativeSlope must be a number of at least 0, got -1',
  ],
  [
    'Softmax mask',
    () => new layers.Softmax({name: 's'})(x(2, 3), {mask: ops.ones([2, 4], 'bool')}),
    's: a mask (2,4) does not broadcast to inputs (2,3)',
  ],
  [
    'GroupNormalization groups',
    () => new layers.GroupNormalization({name: 'g', groups: 4})(x(2, 6)),
    'g: the channels (axis 1) must be known and divide into 4 groups, got inputs (2,6)',
  ],
  [
    'RMSNormalization axis',
    () => new layers.RMSNormalization({name: 'g', axis: 3})(x(2, 6)),
    'g: axis 3 does not exist in a tensor of rank 2',
  ],
  [
    'UnitNormalization axis',
    () => new layers.UnitNormalization({name: 'g', axis: 2})(x(2, 6)),
    'g: axis 2 does not exist in a tensor of rank 2',
  ],
  [
    'SpectralNormalization layer',
    () => new layers.SpectralNormalization(new layers.ReLU(), {name: 's'})(x(2, 3)),
    's: layer "re_lu_1" has neither a kernel nor embeddings',
  ],
  [
    'SpatialDropout2D rank',
    () => new layers.SpatialDropout2D(0.5, {name: 'd'})(x(2, 3)),
    'd: expects inputs of rank 4, got inputs (2,3)',
  ],
  ['GaussianNoise range', () => new layers.GaussianNoise(2), 'GaussianNoise: stddev must be a number in [0, 1], got 2'],
  [
    'GaussianDropout option',
    () => make('GaussianDropout', 0.5, {noiseShape: [1]}),
    'GaussianDropout: unknown option "noiseShape"; it takes name, trainable, dtype, activityRegularizer, inputShape, seed',
  ],
  [
    'AdaptiveAveragePooling2D size',
    () => new layers.AdaptiveAveragePooling2D(0),
    'AdaptiveAveragePooling2D: outputSize must be a positive integer or 2 of them, got 0',
  ],
  [
    'AdaptiveMaxPooling1D rank',
    () => new layers.AdaptiveMaxPooling1D(2, {name: 'p'})(x(2, 3)),
    'p: expects inputs of rank 3, got inputs (2,3)',
  ],
  [
    'LSTM rank',
    () => new layers.LSTM(3, {name: 'l'})(x(2, 3) as never),
    'l: expects inputs of rank 3, got inputs (2,3)',
  ],
  ['LSTM units', () => new layers.LSTM(0), 'LSTM: units must be a positive integer, got 0'],
  [
    'LSTM option',
    () => make('LSTM', 3, {returnSequence: true}),
    'LSTM: unknown option "returnSequence"; did you mean "returnSequences"?',
  ],
  [
    'LSTM state',
    () => new layers.LSTM(3, {name: 'l'})(x(2, 4, 5) as never, {initialState: [x(2, 3)]}),
    'l: initialState must hold states of shapes (2,3), (2,3), got (2,3)',
  ],
  [
    'LSTM stateful batch',
    () => {
      const l = new layers.LSTM(3, {name: 'l', stateful: true});
      l(x(2, 4, 5) as never);
      l(x(3, 4, 5) as never);
    },
    'l: a stateful layer keeps the batch size it was built for, 2, got inputs (3,4,5)',
  ],
  [
    'LSTM features',
    () => {
      const l = new layers.LSTM(3, {name: 'l'});
      l(x(2, 4, 5) as never);
      l(x(2, 4, 6) as never);
    },
    'l: expects axis -1 of size 5, got inputs (2,4,6)',
  ],
  [
    'LSTM empty',
    () => new layers.LSTM(3, {name: 'l'})(x(2, 0, 5) as never),
    'l: a sequence has at least one step, got (time, batch, ...) (0,2,12)',
  ],
  ['RNN cell', () => make('RNN', new layers.Dense(3)), 'RNN: cell must be a layer with a stateSize, got a Dense'],
  [
    'GRUCell rank',
    () => new layers.GRUCell(3, {name: 'g'})(x(2, 4, 5), [x(2, 3)]),
    'g: expects inputs of rank 2, got inputs[0] (2,4,5)',
  ],
  [
    'Bidirectional layer',
    () => new layers.Bidirectional(new layers.Dense(3)),
    'Bidirectional: layer must be a recurrent layer, such as LSTM, got a Dense',
  ],
  [
    'Bidirectional mode',
    () => make('Bidirectional', new layers.LSTM(3), {mergeMode: 'max'}),
    'Bidirectional: mergeMode must be one of concat, sum, mul, ave or null, got "max"',
  ],
  [
    'Bidirectional directions',
    () => make('Bidirectional', new layers.LSTM(3), {backwardLayer: new layers.LSTM(3)}),
    'Bidirectional: one layer must go forwards and one backwards, got goBackwards false of both',
  ],
  [
    'TimeDistributed rank',
    () => new layers.TimeDistributed(new layers.Dense(3), {name: 't'})(x(2, 4)),
    't: expects inputs (batch, time, ...) of rank 3 or more, got inputs (2,4)',
  ],
  ['TimeDistributed layer', () => make('TimeDistributed', 3), 'TimeDistributed: expects a layer, got 3'],
  [
    'MHA args',
    () => (new layers.MultiHeadAttention(2, 3, {name: 'm'}) as Loose)(x(2, 3, 4)),
    'm: is called with a query and a value, and with a key where it differs',
  ],
  [
    'MHA shapes',
    () => new layers.MultiHeadAttention(2, 3, {name: 'm'})(x(2, 3, 4), x(2, 5, 4), x(2, 6, 4)),
    'm: value and key must have the same sizes but for the last, got value (2,5,4) and key (2,6,4)',
  ],
  [
    'MHA heads',
    () => new layers.MultiHeadAttention(0, 3),
    'MultiHeadAttention: numHeads must be a positive integer, got 0',
  ],
  [
    'MHA option',
    () => (new layers.MultiHeadAttention(2, 3, {name: 'm'}) as Loose)(x(2, 3, 4), x(2, 3, 4), {causal: true}),
    'm call: unknown option "causal"; it takes training, mask, queryMask, valueMask, keyMask, attentionMask, returnAttentionScores, useCausalMask',
  ],
  [
    'MHA flash',
    () => new layers.MultiHeadAttention(2, 3, {flashAttention: true, dropout: 0.1}),
    'MultiHeadAttention: flashAttention does not go with dropout, got dropout 0.1',
  ],
  [
    'GQA heads',
    () => new layers.GroupedQueryAttention(2, 3, 2),
    'GroupedQueryAttention: numQueryHeads must be a multiple of numKeyValueHeads, got 3 and 2',
  ],
  [
    'Attention list',
    () => (new layers.Attention({name: 'a'}) as Loose)(x(2, 3, 4)),
    'a: is called with a list [query, value] or [query, value, key], got 3 entries',
  ],
  [
    'Attention mode',
    () => make('Attention', {scoreMode: 'cosine'}),
    'Attention: scoreMode must be one of dot, concat, got "cosine"',
  ],
  ['Lambda', () => make('Lambda', 'x'), 'Lambda: a function is needed, got "x"'],
  [
    'ConvLSTM2D rank',
    () => new layers.ConvLSTM2D(2, 3, {name: 'c'})(x(2, 3, 4, 5) as never),
    'c: expects inputs of rank 5, got inputs (2,3,4,5)',
  ],
  [
    'Masking option',
    () => make('Masking', {mask_value: 0}),
    'Masking: unknown option "mask_value"; did you mean "maskValue"?',
  ],
  [
    'ReversibleEmbedding',
    () => make('ReversibleEmbedding', 3, 2, {logitSoftCap: -1}),
    'ReversibleEmbedding: logitSoftCap must be a number of at least 0, got -1',
  ],
];

describe('mistakes with layers', () => {
  test.each(MISTAKES)('%s', (_, mistake, message) => {
    let caught: unknown;
    try {
      mistake();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(KeratinError);
    expect((caught as Error).message).toBe(message);
    expect(message).not.toContain('\n');
  });
});
