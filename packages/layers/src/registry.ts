import {type ConfigNode, type CustomObjects} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
import {AdditiveAttention, Attention} from './attention/attention.js';
import {GroupedQueryAttention} from './attention/grouped-query-attention.js';
import {MultiHeadAttention} from './attention/multi-head-attention.js';
import {Conv1D} from './convolution/conv1d.js';
import {Conv2D} from './convolution/conv2d.js';
import {Conv3D} from './convolution/conv3d.js';
import {Activation} from './core/activation.js';
import {Dense} from './core/dense.js';
import {Embedding} from './core/embedding.js';
import {InputLayer} from './core/input-layer.js';
import {type AnyLayer, Layer} from './layer/layer.js';
import {BatchNormalization} from './normalization/batch-normalization.js';
import {LayerNormalization} from './normalization/layer-normalization.js';
import {AveragePooling1D} from './pooling/average-pooling-1d.js';
import {AveragePooling2D} from './pooling/average-pooling-2d.js';
import {AveragePooling3D} from './pooling/average-pooling-3d.js';
import * as globalPooling from './pooling/global-pooling.js';
import {MaxPooling1D} from './pooling/max-pooling-1d.js';
import {MaxPooling2D} from './pooling/max-pooling-2d.js';
import {MaxPooling3D} from './pooling/max-pooling-3d.js';
import {MelSpectrogram} from './preprocessing/audio/mel-spectrogram.js';
import {STFTSpectrogram} from './preprocessing/audio/stft-spectrogram.js';
import {CategoryEncoding} from './preprocessing/category-encoding.js';
import {Discretization} from './preprocessing/discretization.js';
import * as imageLayers from './preprocessing/image/classes.js';
import {Pipeline} from './preprocessing/pipeline.js';
import {HashedCrossing} from './preprocessing/hashed-crossing.js';
import {Hashing} from './preprocessing/hashing.js';
import {IntegerLookup} from './preprocessing/integer-lookup.js';
import {Normalization} from './preprocessing/normalization.js';
import {Rescaling} from './preprocessing/rescaling.js';
import {StringLookup} from './preprocessing/string-lookup.js';
import {TextVectorization} from './preprocessing/text-vectorization.js';
import {Dropout} from './regularization/dropout.js';
import {Flatten} from './reshaping/flatten.js';
import {Reshape} from './reshaping/reshape.js';
import * as activationLayers from './activations/layers.js';
import {Conv1DTranspose} from './convolution/conv1d-transpose.js';
import {Conv2DTranspose} from './convolution/conv2d-transpose.js';
import {Conv3DTranspose} from './convolution/conv3d-transpose.js';
import {DepthwiseConv1D} from './convolution/depthwise-conv1d.js';
import {DepthwiseConv2D} from './convolution/depthwise-conv2d.js';
import {SeparableConv1D} from './convolution/separable-conv1d.js';
import {SeparableConv2D} from './convolution/separable-conv2d.js';
import {EinsumDense} from './core/einsum-dense.js';
import {Identity} from './core/identity.js';
import {Lambda} from './core/lambda.js';
import {Masking} from './core/masking.js';
import {ReversibleEmbedding} from './core/reversible-embedding.js';
import {Concatenate} from './merging/concatenate.js';
import {Dot} from './merging/dot.js';
import * as elementwise from './merging/elementwise.js';
import {GroupNormalization} from './normalization/group-normalization.js';
import {RMSNormalization} from './normalization/rms-normalization.js';
import {UnitNormalization} from './normalization/unit-normalization.js';
import * as adaptivePooling from './pooling/adaptive-pooling.js';
import * as convLSTM from './recurrent/conv-lstm.js';
import {GRU} from './recurrent/gru.js';
import {GRUCell} from './recurrent/gru-cell.js';
import {LSTM} from './recurrent/lstm.js';
import {LSTMCell} from './recurrent/lstm-cell.js';
import {RNN} from './recurrent/rnn.js';
import {SimpleRNN} from './recurrent/simple-rnn.js';
import {SimpleRNNCell} from './recurrent/simple-rnn-cell.js';
import {StackedRNNCells} from './recurrent/stacked-rnn-cells.js';
import {ActivityRegularization} from './regularization/activity-regularization.js';
import * as noise from './regularization/noise.js';
import * as spatialDropout from './regularization/spatial-dropout.js';
import * as cropping from './reshaping/cropping.js';
import {Permute} from './reshaping/permute.js';
import {RepeatVector} from './reshaping/repeat-vector.js';
import * as upSampling from './reshaping/up-sampling.js';
import * as zeroPadding from './reshaping/zero-padding.js';
import {Bidirectional} from './wrappers/bidirectional.js';
import {TimeDistributed} from './wrappers/time-distributed.js';
import {SpectralNormalization} from './wrappers/spectral-normalization.js';

/** Layers by Keras's class names. */
export const layerRegistry = new Registry<AnyLayer>({
  kind: 'layer',
  module: 'keras.layers',
  is: (value): value is AnyLayer => value instanceof Layer,
});

const CLASSES = {
  CategoryEncoding,
  Discretization,
  ...imageLayers,
  HashedCrossing,
  Hashing,
  IntegerLookup,
  MelSpectrogram,
  Normalization,
  Pipeline,
  StringLookup,
  STFTSpectrogram,
  TextVectorization,
  Lambda,
  ...convLSTM,
  Bidirectional,
  TimeDistributed,
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  RNN,
  SimpleRNN,
  SimpleRNNCell,
  StackedRNNCells,
  AdditiveAttention,
  Attention,
  // Keras's name in files is another than that of the class.
  GroupQueryAttention: GroupedQueryAttention,
  MultiHeadAttention,
  Activation,
  ...activationLayers,
  ActivityRegularization,
  ...adaptivePooling,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  BatchNormalization,
  Concatenate,
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  ...cropping,
  Dense,
  DepthwiseConv1D,
  DepthwiseConv2D,
  Dot,
  Dropout,
  EinsumDense,
  ...elementwise,
  Embedding,
  Flatten,
  ...globalPooling,
  GroupNormalization,
  Identity,
  InputLayer,
  LayerNormalization,
  Masking,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  ...noise,
  Permute,
  RepeatVector,
  Rescaling,
  Reshape,
  ReversibleEmbedding,
  RMSNormalization,
  SeparableConv1D,
  SeparableConv2D,
  ...spatialDropout,
  SpectralNormalization,
  UnitNormalization,
  ...upSampling,
  ...zeroPadding,
};

/** Other names that Keras exports a class under. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  AveragePooling1D: ['AvgPool1D'],
  AveragePooling2D: ['AvgPool2D'],
  AveragePooling3D: ['AvgPool3D'],
  Conv1D: ['Convolution1D'],
  Conv1DTranspose: ['Convolution1DTranspose'],
  Conv2D: ['Convolution2D'],
  Conv2DTranspose: ['Convolution2DTranspose'],
  Conv3D: ['Convolution3D'],
  Conv3DTranspose: ['Convolution3DTranspose'],
  GlobalAveragePooling1D: ['GlobalAvgPool1D'],
  GlobalAveragePooling2D: ['GlobalAvgPool2D'],
  GlobalAveragePooling3D: ['GlobalAvgPool3D'],
  GlobalMaxPooling1D: ['GlobalMaxPool1D'],
  GlobalMaxPooling2D: ['GlobalMaxPool2D'],
  GlobalMaxPooling3D: ['GlobalMaxPool3D'],
  GroupQueryAttention: ['GroupedQueryAttention'],
  MaxPooling1D: ['MaxPool1D'],
  MaxPooling2D: ['MaxPool2D'],
  MaxPooling3D: ['MaxPool3D'],
  SeparableConv1D: ['SeparableConvolution1D'],
  SeparableConv2D: ['SeparableConvolution2D'],
};

for (const [name, cls] of Object.entries(CLASSES)) layerRegistry.add(name, cls, ALIASES[name]);

/** The config node of a layer. */
export const serialize = (layer: AnyLayer): ConfigNode => layerRegistry.serialize(layer) as ConfigNode;

/** The layer of a config node from a program or a file; the node is checked. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): AnyLayer =>
  layerRegistry.deserialize(node, customObjects);
