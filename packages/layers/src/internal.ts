/** What the models package shares and users do not see. */
export {type AnyLayer} from './layer/layer.js';
export {dtypePolicy, serializePolicy} from './layer/dtype-policy.js';
export {stack, trainingAsked} from './layer/weighted.js';
export {structureVersion} from './layer/structure.js';
export {withWeightBudget, withZeroWeights} from './layer/weight-budget.js';
export {layerRegistry} from './registry.js';
export {clearSession} from './session.js';
