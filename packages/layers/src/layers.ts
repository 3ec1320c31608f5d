/** All layers. */
export {Layer} from './layer/layer.js';
export {Activation} from './core/activation.js';
export {Dense, type DenseOptions} from './core/dense.js';
export {Input, InputLayer} from './core/input-layer.js';
export {Dropout, type DropoutOptions} from './regularization/dropout.js';
export {Flatten, type FlattenOptions} from './reshaping/flatten.js';
export {Reshape} from './reshaping/reshape.js';
export {deserialize, serialize} from './registry.js';
