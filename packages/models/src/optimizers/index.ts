/** Optimizers: what changes weights by their gradients. */
export {Optimizer, type SlotGroups, type Slots, type SlotSpec, type WeightDecayExclusion} from './optimizer.js';
export {type LearningRate, type OptimizerOptions} from './options.js';
export {Adam, type AdamOptions} from './adam.js';
export {Nadam, type NadamOptions} from './nadam.js';
export {RMSprop, type RMSpropOptions} from './rmsprop.js';
export {SGD, type SGDOptions} from './sgd.js';
export {deserialize, get, type OptimizerId, type OptimizerLike, serialize} from './registry.js';
export * as schedules from './schedules/index.js';
