import {KeratinError, ops, type Tensor} from '@keratin/core';
import {mapStructure, tensorsIn} from '@keratin/core/internal';
import {describe, expect, test} from 'vitest';
import {callOf, type Case, golden, type Testable} from './testing/golden-layers.js';
import {layers} from './index.js';

// Inputs that do not fit: each class is made as in its first recorded case and called with other shapes, and each has its sentences here.

/** Any shape will do for these. */
const ANY =
  'Embedding ReversibleEmbedding Masking Identity Flatten Activation ReLU LeakyReLU ELU Softmax UnitNormalization Dropout GaussianDropout GaussianNoise AlphaDropout ActivityRegularization Add Subtract Multiply Average Maximum Minimum Concatenate Rescaling CategoryEncoding Hashing';

type Sentence = string | null;

/**
 * Classes, and what they say of an axis too many, of a last axis that is missing, and, once built, of a last axis with one element more;
 * null where that is fine.
 */
const SENTENCES: readonly (readonly [classes: string, more: Sentence, fewer: Sentence, channels: Sentence])[] = [
  [
    'Dense',
    null,
    'mine: expects inputs of rank 2 or more, got inputs (3,)',
    'mine: expects axis -1 of size 4, got inputs (3,5)',
  ],
  [
    'EinsumDense',
    'mine: the equation "ab,bc->ac" needs inputs of rank 2, got inputs (3,1,4)',
    'mine: the equation "ab,bc->ac" needs inputs of rank 2 or more, got inputs (3,)',
    'mine: expects axis 1 of size 4, got inputs (3,5)',
  ],
  [
    'Reshape',
    null,
    'mine: samples of shape (3,) do not fit targetShape (6,2)',
    'mine: samples of shape (3,5) do not fit targetShape (6,2)',
  ],
  [
    'Permute',
    'mine: expects inputs of rank 3, got inputs (2,1,3,4)',
    'mine: expects inputs of rank 3, got inputs (2,3)',
    null,
  ],
  [
    'RepeatVector',
    'mine: expects inputs of rank 2, got inputs (3,1,5)',
    'mine: expects inputs of rank 2, got inputs (3,)',
    null,
  ],
  [
    'Cropping1D',
    'mine: expects inputs of rank 3, got inputs (2,1,7,3)',
    'mine: expects inputs of rank 3, got inputs (2,7)',
    null,
  ],
  [
    'Cropping2D',
    'mine: expects inputs of rank 4, got inputs (2,1,6,7,2)',
    'mine: expects inputs of rank 4, got inputs (2,6,7)',
    null,
  ],
  [
    'Cropping3D MaxPooling3D AveragePooling3D',
    'mine: expects inputs of rank 5, got inputs (1,1,4,5,6,2)',
    'mine: expects inputs of rank 5, got inputs (1,4,5,6)',
    null,
  ],
  [
    'ZeroPadding1D SpatialDropout1D',
    'mine: expects inputs of rank 3, got inputs (2,1,4,3)',
    'mine: expects inputs of rank 3, got inputs (2,4)',
    null,
  ],
  [
    'ZeroPadding2D UpSampling2D SpatialDropout2D',
    'mine: expects inputs of rank 4, got inputs (2,1,3,4,2)',
    'mine: expects inputs of rank 4, got inputs (2,3,4)',
    null,
  ],
  [
    'ZeroPadding3D UpSampling3D SpatialDropout3D',
    'mine: expects inputs of rank 5, got inputs (1,1,2,3,2,2)',
    'mine: expects inputs of rank 5, got inputs (1,2,3,2)',
    null,
  ],
  [
    'UpSampling1D',
    'mine: expects inputs of rank 3, got inputs (2,1,4,2)',
    'mine: expects inputs of rank 3, got inputs (2,4)',
    null,
  ],
  ['PReLU', null, null, 'mine: expects axis 1 of size 4, got inputs (3,5)'],
  [
    'Conv1D',
    'mine: expects inputs of rank 3, got inputs (2,1,11,3)',
    'mine: expects inputs of rank 3, got inputs (2,11)',
    'mine: expects axis 2 of size 3, got inputs (2,11,4)',
  ],
  [
    'Conv2D',
    'mine: expects inputs of rank 4, got inputs (2,1,7,6,3)',
    'mine: expects inputs of rank 4, got inputs (2,7,6)',
    'mine: expects axis 3 of size 3, got inputs (2,7,6,4)',
  ],
  [
    'Conv3D',
    'mine: expects inputs of rank 5, got inputs (1,1,4,5,6,2)',
    'mine: expects inputs of rank 5, got inputs (1,4,5,6)',
    'mine: expects axis 4 of size 2, got inputs (1,4,5,6,3)',
  ],
  [
    'Conv1DTranspose',
    'mine: expects inputs of rank 3, got inputs (2,1,5,3)',
    'mine: expects inputs of rank 3, got inputs (2,5)',
    'mine: expects axis 2 of size 3, got inputs (2,5,4)',
  ],
  [
    'Conv2DTranspose',
    'mine: expects inputs of rank 4, got inputs (2,1,4,3,3)',
    'mine: expects inputs of rank 4, got inputs (2,4,3)',
    'mine: expects axis 3 of size 3, got inputs (2,4,3,4)',
  ],
  [
    'Conv3DTranspose',
    'mine: expects inputs of rank 5, got inputs (1,1,2,3,3,2)',
    'mine: expects inputs of rank 5, got inputs (1,2,3,3)',
    'mine: expects axis 4 of size 2, got inputs (1,2,3,3,3)',
  ],
  [
    'DepthwiseConv1D SeparableConv1D',
    'mine: expects inputs of rank 3, got inputs (2,1,9,3)',
    'mine: expects inputs of rank 3, got inputs (2,9)',
    'mine: expects axis 2 of size 3, got inputs (2,9,4)',
  ],
  [
    'DepthwiseConv2D SeparableConv2D',
    'mine: expects inputs of rank 4, got inputs (2,1,6,7,3)',
    'mine: expects inputs of rank 4, got inputs (2,6,7)',
    'mine: expects axis 3 of size 3, got inputs (2,6,7,4)',
  ],
  [
    'MaxPooling1D AveragePooling1D',
    'mine: expects inputs of rank 3, got inputs (2,1,9,3)',
    'mine: expects inputs of rank 3, got inputs (2,9)',
    null,
  ],
  [
    'MaxPooling2D AveragePooling2D',
    'mine: expects inputs of rank 4, got inputs (2,1,6,7,3)',
    'mine: expects inputs of rank 4, got inputs (2,6,7)',
    null,
  ],
  [
    'GlobalMaxPooling1D GlobalAveragePooling1D',
    'mine: expects inputs of rank 3, got inputs (2,1,5,3)',
    'mine: expects inputs of rank 3, got inputs (2,5)',
    null,
  ],
  [
    'AdaptiveMaxPooling1D AdaptiveAveragePooling1D',
    'mine: expects inputs of rank 3, got inputs (2,1,5,2)',
    'mine: expects inputs of rank 3, got inputs (2,5)',
    null,
  ],
  [
    'GlobalMaxPooling2D GlobalAveragePooling2D',
    'mine: expects inputs of rank 4, got inputs (2,1,4,5,3)',
    'mine: expects inputs of rank 4, got inputs (2,4,5)',
    null,
  ],
  [
    'AdaptiveMaxPooling2D AdaptiveAveragePooling2D',
    'mine: expects inputs of rank 4, got inputs (2,1,4,5,2)',
    'mine: expects inputs of rank 4, got inputs (2,4,5)',
    null,
  ],
  [
    'GlobalMaxPooling3D GlobalAveragePooling3D',
    'mine: expects inputs of rank 5, got inputs (2,1,3,4,2,3)',
    'mine: expects inputs of rank 5, got inputs (2,3,4,2)',
    null,
  ],
  [
    'AdaptiveMaxPooling3D AdaptiveAveragePooling3D',
    'mine: expects inputs of rank 5, got inputs (2,1,3,4,2,2)',
    'mine: expects inputs of rank 5, got inputs (2,3,4,2)',
    null,
  ],
  ['BatchNormalization', null, null, 'mine: expects axis -1 of size 3, got inputs (5,4)'],
  ['LayerNormalization RMSNormalization', null, null, 'mine: expects axis -1 of size 5, got inputs (3,6)'],
  ['GroupNormalization', null, null, 'mine: expects axis -1 of size 6, got inputs (2,3,4,7)'],
  [
    'SpectralNormalization',
    null,
    'mine/dense: expects inputs of rank 2 or more, got inputs (3,)',
    'mine: expects axis -1 of size 5, got inputs (3,6)',
  ],
  [
    'SimpleRNN LSTM GRU',
    'mine: expects inputs of rank 3, got inputs (3,1,6,4)',
    'mine: expects inputs of rank 3, got inputs (3,6)',
    'mine: expects axis -1 of size 4, got inputs (3,6,5)',
  ],
  [
    'SimpleRNNCell LSTMCell GRUCell',
    'mine: expects inputs of rank 2, got inputs[0] (3,1,5)',
    'mine: expects inputs of rank 2, got inputs[0] (3,)',
    'mine: expects axis -1 of size 5, got inputs[0] (3,6)',
  ],
  [
    'StackedRNNCells',
    'mine/simple_rnn_cell: expects inputs of rank 2, got inputs[0] (2,1,5)',
    'mine/simple_rnn_cell: expects inputs of rank 2, got inputs[0] (2,)',
    'mine/simple_rnn_cell: expects axis -1 of size 5, got inputs[0] (2,6)',
  ],
  [
    'RNN',
    'mine: expects inputs of rank 3, got inputs (2,1,5,3)',
    'mine: expects inputs of rank 3, got inputs (2,5)',
    'mine: expects axis -1 of size 3, got inputs (2,5,4)',
  ],
  [
    'Bidirectional',
    'mine: expects inputs of rank 3, got inputs (2,1,5,3)',
    'mine: expects inputs of rank 3, got inputs (2,5)',
    'mine/forward_lstm: expects axis -1 of size 3, got inputs (2,5,4)',
  ],
  [
    'TimeDistributed',
    null,
    'mine: expects inputs (batch, time, ...) of rank 3 or more, got inputs (2,3)',
    'mine/dense: expects axis -1 of size 5, got inputs (2,6)',
  ],
  [
    'ConvLSTM1D',
    'mine: expects inputs of rank 4, got inputs (2,1,4,7,2)',
    'mine: expects inputs of rank 4, got inputs (2,4,7)',
    'mine: expects axis 3 of size 2, got inputs (2,4,7,3)',
  ],
  [
    'ConvLSTM2D',
    'mine: expects inputs of rank 5, got inputs (2,1,3,5,4,2)',
    'mine: expects inputs of rank 5, got inputs (2,3,5,4)',
    'mine: expects axis 4 of size 2, got inputs (2,3,5,4,3)',
  ],
  [
    'ConvLSTM3D',
    'mine: expects inputs of rank 6, got inputs (1,1,2,3,3,4,1)',
    'mine: expects inputs of rank 6, got inputs (1,2,3,3,4)',
    'mine: expects axis 5 of size 1, got inputs (1,2,3,3,4,2)',
  ],
  [
    'Attention AdditiveAttention',
    null,
    'mine: query must be (batch,queries,n), value (batch,keys,m) and key (batch,keys,n), got query (2,4), value (2,6) and key (2,6)',
    null,
  ],
  ['MultiHeadAttention', null, null, 'mine/query: expects axis 2 of size 6, got inputs (2,4,7)'],
  [
    'GroupedQueryAttention',
    'mine/query: the equation "bqm,muh->bquh" needs inputs of rank 3, got inputs (2,1,4,6)',
    'mine/query: the equation "bqm,muh->bquh" needs inputs of rank 3 or more, got inputs (2,4)',
    'mine/query: expects axis 2 of size 6, got inputs (2,4,7)',
  ],
  ['Dot', null, 'mine: axes (1,1) must be axes of one size, and not the batch, of inputs (3,) and (3,)', null],
  [
    'HashedCrossing',
    'mine: inputs must have one shape, (), (batch,) or (batch,1), got (5,), (5,1)',
    'mine: inputs must have one shape, (), (batch,) or (batch,1), got (5,), ()',
    null,
  ],
  ['Resizing CenterCrop', 'mine: images must have rank 3, or 4 for a batch, got inputs (2,1,6,8,3)', null, null],
  [
    'STFTSpectrogram',
    'mine: expects inputs of rank 3, got inputs (2,1,50,1)',
    'mine: expects inputs of rank 3, got inputs (2,50)',
    null,
  ],
  [
    'MelSpectrogram',
    'mine: signals are (time,) or (batch,time), got inputs (2,1,300)',
    'mine: signals are mirrored at their ends, so that they must have more than fftLength / 2 = 32 points, got inputs (2,)',
    null,
  ],
  ['Pipeline', 'mine/center_crop: images must have rank 3, or 4 for a batch, got inputs (2,1,5,6,2)', null, null],
  [
    'AutoContrast Equalization Solarization RandomBrightness RandomContrast RandomFlip RandomTranslation RandomRotation RandomZoom RandomCrop RandomInvert RandomHue RandomSharpness RandomPosterization RandomGaussianBlur RandomShear RandomColorJitter RandomErasing RandomPerspective RandomElasticTransform RandAugment AugMix MixUp CutMix',
    'mine: images must have rank 3, or 4 for a batch, got inputs (2,1,6,7,3)',
    null,
    null,
  ],
  [
    'RandomGrayscale RandomColorDegeneration RandomSaturation',
    'mine: images must have rank 3, or 4 for a batch, got inputs (2,1,6,7,3)',
    'mine: images must have 3 channels, got (n,height,width,channels) (1,2,6,7)',
    'mine: images must have 3 channels, got (n,height,width,channels) (2,6,7,4)',
  ],
  [
    'ContrastLimitedAdaptiveHistogramEqualization',
    'mine: images must have rank 3, or 4 for a batch, got inputs (1,1,8,8,3)',
    null,
    null,
  ],
];

const firsts = new Map<string, Case>();
for (const one of golden.cases) {
  const {class_name: name} = one;
  const adapts = golden.cases.some(({class_name: own, adapt}) => own === name && adapt !== undefined);
  if (name in layers && !adapts && !firsts.has(name)) firsts.set(name, one);
}

/** The layer of a case, and the layers within, without weights. */
function unbuilt(one: Case): Testable {
  const without = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(without);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => key !== 'build_config');
    return Object.fromEntries(entries.map(([key, entry]) => [key, without(entry)]));
  };
  const {config, ...node} = without(one.config) as {readonly config: object};
  return layers.deserialize({...node, config: {...config, name: 'mine'}}) as Testable;
}

type Change = (x: Tensor) => Tensor;

const CHANGES: readonly (readonly [what: string, isBuilt: boolean, change: Change])[] = [
  ['an axis more', false, (x) => x.expandDims(1)],
  ['no last axis', false, (x) => ops.take(x, 0, -1)],
  ['another last axis', true, (x) => (x.ndim > 1 ? ops.concatenate([x, x.at('...', ':1')], -1) : x)],
];

/** What a layer says of its recorded inputs after a change; null where it takes them. */
function sentenceOf(one: Case, isBuilt: boolean, change: Change): Sentence {
  const layer = unbuilt(one);
  const {args} = callOf(one);
  if (isBuilt) layer(...args);
  const wrong = args.map((arg) =>
    mapStructure(arg, (leaf) => {
      const [tensor] = tensorsIn(leaf);
      return tensor === undefined || tensor.dtype === 'bool' || tensor.dtype === 'string'
        ? leaf
        : change(tensor as Tensor);
    }),
  );
  try {
    layer(...wrong);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(KeratinError);
    return (error as Error).message;
  }
}

const rows = [
  ...SENTENCES.flatMap(([classes, ...sentences]) => classes.split(' ').map((name) => [name, sentences] as const)),
  ...ANY.split(' ').map((name) => [name, [null, null, null]] as const),
];

test('every class that has a recorded case without adapt is here', () => {
  expect(rows.map(([name]) => name).sort()).toEqual([...firsts.keys()].sort());
});

describe('inputs of another shape', () => {
  test.each(rows)('%s', (name, sentences) => {
    const one = firsts.get(name);
    if (one === undefined) expect.fail();
    CHANGES.forEach(([what, isBuilt, change], i) => {
      expect(sentenceOf(one, isBuilt, change), what).toBe(sentences[i]);
    });
  });
});
