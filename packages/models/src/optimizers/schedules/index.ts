/** Learning rates that follow the step. */
export {LearningRateSchedule} from './schedule.js';
export {CosineDecay, type CosineDecayOptions} from './cosine-decay.js';
export {CosineDecayRestarts, type CosineDecayRestartsOptions} from './cosine-decay-restarts.js';
export {ExponentialDecay} from './exponential-decay.js';
export {InverseTimeDecay} from './inverse-time-decay.js';
export {PiecewiseConstantDecay, type PiecewiseConstantDecayOptions} from './piecewise-constant-decay.js';
export {PolynomialDecay, type PolynomialDecayOptions} from './polynomial-decay.js';
export {type DecayOptions} from './rate-decay.js';
export {deserialize, serialize} from './registry.js';
