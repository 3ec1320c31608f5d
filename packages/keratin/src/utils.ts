/** Utilities for data, seeds and progress. */
import {utils} from '@keratin/datasets';

export const {
  arrayToImg,
  audioDatasetFromDirectory,
  getFile,
  imageDatasetFromDirectory,
  imgToArray,
  loadImg,
  normalize,
  packXYSampleWeight,
  padSequences,
  PyDataset,
  saveImg,
  Sequence,
  splitDataset,
  textDatasetFromDirectory,
  timeseriesDatasetFromArray,
  toCategorical,
  trainTestSplit,
  unpackXYSampleWeight,
} = utils;
export {setSeed as setRandomSeed} from '@keratin/core';
export {
  CustomObjectScope,
  customObjectScope,
  deserializeKerasObject,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from '@keratin/core';
export {modelToDot, plotModel, Progbar, type ProgbarOptions} from '@keratin/models';
