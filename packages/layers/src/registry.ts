import {type ConfigNode, type CustomObjects} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
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
import {Rescaling} from './preprocessing/rescaling.js';
import {Dropout} from './regularization/dropout.js';
import {Flatten} from './reshaping/flatten.js';
import {Reshape} from './reshaping/reshape.js';

/** Layers by Keras's class names. */
export const layerRegistry = new Registry<AnyLayer>({
  kind: 'layer',
  module: 'keras.layers',
  is: (value): value is AnyLayer => value instanceof Layer,
});

const CLASSES = {
  Activation,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  BatchNormalization,
  Conv1D,
  Conv2D,
  Conv3D,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  ...globalPooling,
  InputLayer,
  LayerNormalization,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  Rescaling,
  Reshape,
};

/** Other names that Keras exports a class under. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  AveragePooling1D: ['AvgPool1D'],
  AveragePooling2D: ['AvgPool2D'],
  AveragePooling3D: ['AvgPool3D'],
  Conv1D: ['Convolution1D'],
  Conv2D: ['Convolution2D'],
  Conv3D: ['Convolution3D'],
  GlobalAveragePooling1D: ['GlobalAvgPool1D'],
  GlobalAveragePooling2D: ['GlobalAvgPool2D'],
  GlobalAveragePooling3D: ['GlobalAvgPool3D'],
  GlobalMaxPooling1D: ['GlobalMaxPool1D'],
  GlobalMaxPooling2D: ['GlobalMaxPool2D'],
  GlobalMaxPooling3D: ['GlobalMaxPool3D'],
  MaxPooling1D: ['MaxPool1D'],
  MaxPooling2D: ['MaxPool2D'],
  MaxPooling3D: ['MaxPool3D'],
};

for (const [name, cls] of Object.entries(CLASSES)) layerRegistry.add(name, cls, ALIASES[name]);

/** The config node of a layer. */
export const serialize = (layer: AnyLayer): ConfigNode => layerRegistry.serialize(layer) as ConfigNode;

/** The layer of a config node from a program or a file; the node is checked. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): AnyLayer =>
  layerRegistry.deserialize(node, customObjects);
