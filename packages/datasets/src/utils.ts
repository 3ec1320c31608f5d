/** Data utilities. */
export {getFile, type GetFileOptions} from './files/get-file.js';
export {normalize} from './utils/normalize.js';
export {packXYSampleWeight, unpackXYSampleWeight} from './utils/pack.js';
export {padSequences, type PaddableSequence, type PadSequencesOptions} from './utils/pad-sequences.js';
export {splitDataset, type SplitDatasetOptions} from './utils/split-dataset.js';
export {timeseriesDatasetFromArray, type TimeseriesOptions} from './utils/timeseries.js';
export {toCategorical} from './utils/to-categorical.js';
export {trainTestSplit, type TrainTestSplitOptions} from './utils/train-test-split.js';
export {
  arrayToImg,
  type ArrayToImgOptions,
  type DataFormat,
  imgToArray,
  type ImgToArrayOptions,
  loadImg,
  type LoadImgOptions,
  saveImg,
  type SaveImgOptions,
} from './images/image-utils.js';
export {type ColorMode, Picture} from './images/picture.js';
export {audioDatasetFromDirectory, type AudioDatasetOptions} from './folders/audio-dataset.js';
export {type FolderDataset, type FromFolder} from './folders/folder-dataset.js';
export {imageDatasetFromDirectory, type ImageDatasetOptions} from './folders/image-dataset.js';
export {type FolderOptions, type LabelMode} from './folders/index-folder.js';
export {textDatasetFromDirectory, type TextDatasetOptions} from './folders/text-dataset.js';
export {PyDataset, type PyDatasetOptions, PyDataset as Sequence} from './utils/py-dataset.js';
