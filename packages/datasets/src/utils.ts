/** Data utilities. */
export {getFile, type GetFileOptions} from './files/get-file.js';
export {normalize} from './utils/normalize.js';
export {packXYSampleWeight, unpackXYSampleWeight} from './utils/pack.js';
export {padSequences, type PadSequencesOptions, type Sequence} from './utils/pad-sequences.js';
export {splitDataset, type SplitDatasetOptions} from './utils/split-dataset.js';
export {timeseriesDatasetFromArray, type TimeseriesOptions} from './utils/timeseries.js';
export {toCategorical} from './utils/to-categorical.js';
export {trainTestSplit, type TrainTestSplitOptions} from './utils/train-test-split.js';
