/** All layers. */
export {Layer} from './layer/layer.js';

export {Activation} from './core/activation.js';
export {Dense, type DenseOptions, type KernelOptions} from './core/dense.js';
export {Embedding, type EmbeddingOptions} from './core/embedding.js';
export {Input, InputLayer, type InputLayerOptions, type InputOptions} from './core/input-layer.js';

export {type ConvOptions, type PerAxis} from './convolution/base-conv.js';
export {Conv1D, Conv1D as Convolution1D, type Conv1DOptions} from './convolution/conv1d.js';
export {Conv2D, Conv2D as Convolution2D, type Conv2DOptions} from './convolution/conv2d.js';
export {Conv3D, Conv3D as Convolution3D, type Conv3DOptions} from './convolution/conv3d.js';

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
  BatchNormalization,
  type BatchNormalizationOptions,
  type NormalizationOptions,
} from './normalization/batch-normalization.js';
export {LayerNormalization, type LayerNormalizationOptions} from './normalization/layer-normalization.js';
export {Dropout, type DropoutOptions} from './regularization/dropout.js';
export {Flatten, type FlattenOptions} from './reshaping/flatten.js';
export {Reshape} from './reshaping/reshape.js';
export {Rescaling, type RescalingOptions, type RescalingValue} from './preprocessing/rescaling.js';

export {deserialize, serialize} from './registry.js';
