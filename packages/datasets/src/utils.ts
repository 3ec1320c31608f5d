/** Data utilities. */
export {toCategorical} from './utils/to-categorical.js';
export {trainTestSplit, type TrainTestSplitOptions} from './utils/train-test-split.js';
