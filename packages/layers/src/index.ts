/** Layers of Keratin. */
export {type AnyLayer, Layer} from './layer/layer.js';
export {type WeightOptions} from './layer/weighted.js';
export {Input, InputLayer, type InputLayerOptions, type InputOptions} from './core/input-layer.js';
export {type Activation, type ActivationId} from './activations/index.js';
export {type CallOptions, type LayerOptions, type Masks, type ShapesOf} from './layer/types.js';
export {type DTypePolicy, type DTypePolicyName} from './layer/dtype-policy.js';
export {type InputSpec} from './layer/input-spec.js';
export {type InitializerId} from './initializers/index.js';
export {type RegularizerId} from './regularizers/index.js';
export {type ConstraintId} from './constraints/index.js';
export {type Registered} from './ids.js';
export * as initializers from './initializers/index.js';
export * as regularizers from './regularizers/index.js';
export * as constraints from './constraints/index.js';
export * as activations from './activations/index.js';
export * as layers from './layers.js';
