/** Utilities for data, seeds and progress. */
import {utils} from '@keratin/datasets';

export const {
  getFile,
  normalize,
  packXYSampleWeight,
  padSequences,
  splitDataset,
  timeseriesDatasetFromArray,
  toCategorical,
  trainTestSplit,
  unpackXYSampleWeight,
} = utils;
export {setSeed as setRandomSeed} from '@keratin/core';
export {
  deserializeKerasObject,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from '@keratin/core';
export {modelToDot, plotModel, Progbar, type ProgbarOptions} from '@keratin/models';
