/** All layers. */
export {Layer} from './layer/layer.js';

export {Activation} from './core/activation.js';
export {
  ELU,
  LeakyReLU,
  type LeakyReLUOptions,
  PReLU,
  type PReLUOptions,
  ReLU,
  type ReLUOptions,
  Softmax,
  type SoftmaxOptions,
} from './activations/layers.js';
export {Dense, type DenseOptions, type KernelOptions} from './core/dense.js';
export {EinsumDense, type EinsumDenseOptions} from './core/einsum-dense.js';
export {Embedding, type EmbeddingOptions} from './core/embedding.js';
export {Identity} from './core/identity.js';
export {Lambda, type LambdaFunction, type LambdaOptions} from './core/lambda.js';
export {Masking, type MaskingOptions} from './core/masking.js';
export {
  ReversibleEmbedding,
  type ReversibleEmbeddingCallOptions,
  type ReversibleEmbeddingOptions,
} from './core/reversible-embedding.js';
export {Input, InputLayer, type InputLayerOptions, type InputOptions} from './core/input-layer.js';

export {type ConvOptions, type PerAxis} from './convolution/base-conv.js';
export {Conv1D, Conv1D as Convolution1D, type Conv1DOptions} from './convolution/conv1d.js';
export {Conv2D, Conv2D as Convolution2D, type Conv2DOptions} from './convolution/conv2d.js';
export {Conv3D, Conv3D as Convolution3D, type Conv3DOptions} from './convolution/conv3d.js';
export {
  Conv1DTranspose,
  Conv1DTranspose as Convolution1DTranspose,
  type Conv1DTransposeOptions,
} from './convolution/conv1d-transpose.js';
export {
  Conv2DTranspose,
  Conv2DTranspose as Convolution2DTranspose,
  type Conv2DTransposeOptions,
} from './convolution/conv2d-transpose.js';
export {
  Conv3DTranspose,
  Conv3DTranspose as Convolution3DTranspose,
  type Conv3DTransposeOptions,
} from './convolution/conv3d-transpose.js';
export {DepthwiseConv1D, type DepthwiseConv1DOptions} from './convolution/depthwise-conv1d.js';
export {
  SeparableConv1D,
  SeparableConv1D as SeparableConvolution1D,
  type SeparableConv1DOptions,
} from './convolution/separable-conv1d.js';
export {DepthwiseConv2D, type DepthwiseConv2DOptions} from './convolution/depthwise-conv2d.js';
export {
  SeparableConv2D,
  SeparableConv2D as SeparableConvolution2D,
  type SeparableConv2DOptions,
} from './convolution/separable-conv2d.js';

export {
  AveragePooling1D,
  AveragePooling1D as AvgPool1D,
  type AveragePooling1DOptions,
} from './pooling/average-pooling-1d.js';
export {
  AveragePooling2D,
  AveragePooling2D as AvgPool2D,
  type AveragePooling2DOptions,
} from './pooling/average-pooling-2d.js';
export {
  AveragePooling3D,
  AveragePooling3D as AvgPool3D,
  type AveragePooling3DOptions,
} from './pooling/average-pooling-3d.js';
export {
  GlobalAveragePooling1D,
  GlobalAveragePooling1D as GlobalAvgPool1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling2D as GlobalAvgPool2D,
  GlobalAveragePooling3D,
  GlobalAveragePooling3D as GlobalAvgPool3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling1D as GlobalMaxPool1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling2D as GlobalMaxPool2D,
  GlobalMaxPooling3D,
  GlobalMaxPooling3D as GlobalMaxPool3D,
  type GlobalPoolingOptions,
} from './pooling/global-pooling.js';
export {MaxPooling1D, MaxPooling1D as MaxPool1D, type MaxPooling1DOptions} from './pooling/max-pooling-1d.js';
export {MaxPooling2D, MaxPooling2D as MaxPool2D, type MaxPooling2DOptions} from './pooling/max-pooling-2d.js';
export {MaxPooling3D, MaxPooling3D as MaxPool3D, type MaxPooling3DOptions} from './pooling/max-pooling-3d.js';

export {
  AdditiveAttention,
  type AdditiveAttentionOptions,
  Attention,
  type AttentionCallOptions,
  type AttentionInputs,
  type AttentionOptions,
} from './attention/attention.js';
export {
  GroupedQueryAttention,
  GroupedQueryAttention as GroupQueryAttention,
} from './attention/grouped-query-attention.js';
export {type HeadsCallOptions, type HeadsOptions} from './attention/heads.js';
export {MultiHeadAttention, type MultiHeadAttentionOptions} from './attention/multi-head-attention.js';

export {
  BatchNormalization,
  type BatchNormalizationOptions,
  type NormalizationOptions,
} from './normalization/batch-normalization.js';
export {LayerNormalization, type LayerNormalizationOptions} from './normalization/layer-normalization.js';
export {GroupNormalization, type GroupNormalizationOptions} from './normalization/group-normalization.js';
export {RMSNormalization, type RMSNormalizationOptions} from './normalization/rms-normalization.js';
export {UnitNormalization, type UnitNormalizationOptions} from './normalization/unit-normalization.js';
export {
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
  type AdaptivePoolingOptions,
} from './pooling/adaptive-pooling.js';

export {ActivityRegularization, type ActivityRegularizationOptions} from './regularization/activity-regularization.js';
export {Dropout, type DropoutOptions} from './regularization/dropout.js';
export {
  AlphaDropout,
  type AlphaDropoutOptions,
  GaussianDropout,
  GaussianNoise,
  type NoiseOptions,
} from './regularization/noise.js';
export {
  SpatialDropout1D,
  type SpatialDropout1DOptions,
  SpatialDropout2D,
  SpatialDropout3D,
  type SpatialDropoutOptions,
} from './regularization/spatial-dropout.js';

export {type Branches} from './merging/merge.js';
export {Concatenate} from './merging/concatenate.js';
export {Dot, type DotOptions} from './merging/dot.js';
export {Add, Average, Maximum, Minimum, Multiply, Subtract} from './merging/elementwise.js';
export {add, average, concatenate, dot, maximum, minimum, multiply, subtract} from './merging/functions.js';

export {type CellOptions, type RecurrentCell, type States, type StateSize} from './recurrent/cell.js';
export {ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions} from './recurrent/conv-lstm.js';
export {GRU, type GRUOptions} from './recurrent/gru.js';
export {GRUCell, type GRUCellOptions} from './recurrent/gru-cell.js';
export {LSTM, type LSTMOptions} from './recurrent/lstm.js';
export {LSTMCell, type LSTMCellOptions} from './recurrent/lstm-cell.js';
export {RNN, type RNNCallOptions, type RNNOptions, type RNNOutput} from './recurrent/rnn.js';
export {SimpleRNN, type SimpleRNNOptions} from './recurrent/simple-rnn.js';
export {SimpleRNNCell, type SimpleRNNCellOptions} from './recurrent/simple-rnn-cell.js';
export {StackedRNNCells} from './recurrent/stacked-rnn-cells.js';

export {type Border, type Borders} from './reshaping/borders.js';
export {Cropping1D, Cropping2D, Cropping3D, type CroppingOptions} from './reshaping/cropping.js';
export {Permute} from './reshaping/permute.js';
export {RepeatVector} from './reshaping/repeat-vector.js';
export {
  UpSampling1D,
  UpSampling2D,
  type UpSampling2DOptions,
  UpSampling3D,
  type UpSamplingOptions,
} from './reshaping/up-sampling.js';
export {ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, type ZeroPaddingOptions} from './reshaping/zero-padding.js';
export {Flatten, type FlattenOptions} from './reshaping/flatten.js';
export {Reshape} from './reshaping/reshape.js';
export {MelSpectrogram, type MelSpectrogramOptions} from './preprocessing/audio/mel-spectrogram.js';
export {
  type SpectrogramMode,
  STFTSpectrogram,
  type STFTSpectrogramOptions,
} from './preprocessing/audio/stft-spectrogram.js';
export * from './preprocessing/image/classes.js';
export {type BoxFormat} from './preprocessing/image/boxes.js';
export {type ColorOptions} from './preprocessing/image/color-layer.js';
export {
  type BoundingBoxes,
  type ImageBatch,
  type ImageData,
  type ImageLayerOptions,
  type RandomImageOptions,
} from './preprocessing/image/image-layer.js';
export {type Factor} from './preprocessing/image/options.js';
export {type ResizingOptions} from './preprocessing/image/resizing.js';
export {type WarpLayerOptions} from './preprocessing/image/affine-layer.js';
export {Pipeline} from './preprocessing/pipeline.js';
export {type AdaptOptions} from './preprocessing/batches.js';
export {
  CategoryEncoding,
  type CategoryEncodingCallOptions,
  type CategoryEncodingOptions,
} from './preprocessing/category-encoding.js';
export {Discretization, type DiscretizationOptions} from './preprocessing/discretization.js';
export {type EncodingMode} from './preprocessing/encoding.js';
export {HashedCrossing, type HashedCrossingOptions} from './preprocessing/hashed-crossing.js';
export {Hashing, type HashingOptions, type Salt} from './preprocessing/hashing.js';
export {type IndexLookupOptions, type LookupMode} from './preprocessing/lookup-options.js';
export {IntegerLookup, type IntegerLookupOptions, type IntegerToken} from './preprocessing/integer-lookup.js';
export {Normalization, type NormalizationLayerOptions} from './preprocessing/normalization.js';
export {StringLookup, type StringLookupOptions} from './preprocessing/string-lookup.js';
export {
  type Split,
  type Standardize,
  TextVectorization,
  type TextVectorizationOptions,
} from './preprocessing/text-vectorization.js';
export {Rescaling, type RescalingOptions, type RescalingValue} from './preprocessing/rescaling.js';

export {
  Bidirectional,
  type BidirectionalOptions,
  type MergeMode,
  type SequenceModel,
} from './wrappers/bidirectional.js';
export {TimeDistributed} from './wrappers/time-distributed.js';
export {SpectralNormalization, type SpectralNormalizationOptions} from './wrappers/spectral-normalization.js';
export {type TensorLayer, Wrapper} from './wrappers/wrapper.js';

export {deserialize, serialize} from './registry.js';
