import {type ConfigNode, type CustomObjects} from '@keratin/core';
import {Registry} from '@keratin/core/internal';
import {Activation} from './core/activation.js';
import {Dense} from './core/dense.js';
import {InputLayer} from './core/input-layer.js';
import {type AnyLayer, Layer} from './layer/layer.js';
import {Dropout} from './regularization/dropout.js';
import {Flatten} from './reshaping/flatten.js';
import {Reshape} from './reshaping/reshape.js';

/** Layers by Keras's class names. */
export const layerRegistry = new Registry<AnyLayer>({
  kind: 'layer',
  module: 'keras.layers',
  is: (value): value is AnyLayer => value instanceof Layer,
});

layerRegistry.add('Activation', Activation);
layerRegistry.add('Dense', Dense);
layerRegistry.add('Dropout', Dropout);
layerRegistry.add('Flatten', Flatten);
layerRegistry.add('InputLayer', InputLayer);
layerRegistry.add('Reshape', Reshape);

/** The config node of a layer. */
export const serialize = (layer: AnyLayer): ConfigNode => layerRegistry.serialize(layer) as ConfigNode;

/** The layer of a config node from a program or a file; the node is checked. */
export const deserialize = (node: unknown, customObjects?: CustomObjects): AnyLayer =>
  layerRegistry.deserialize(node, customObjects);
