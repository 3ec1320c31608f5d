/** Pipelines of data: `data.Dataset`. */
export {type BatchOptions, Dataset, type MapOptions, type SampleOptions, type ShuffleOptions} from './dataset.js';
export {
  type BucketOptions,
  type InterleaveOptions,
  type PaddedBatchOptions,
  type WindowOptions,
} from './dataset-groups.js';
export {DatasetIterator, type IteratorOptions, type IteratorState} from './iterator.js';
export {type ElementSpec, TensorSpec} from './elements/spec.js';
export {type PerPart} from './elements/pad.js';
export {type ArrayStructure, type Stacked, type TensorsOf} from './elements/types.js';
export {type CsvOptions} from './sources/csv.js';
export {
  encodeExample,
  type ExampleValue,
  type FeatureDType,
  type FeatureSpecs,
  FixedLenFeature,
  parseExample,
  type ParsedExample,
  VarLenFeature,
} from './sources/example.js';
export {writeTfrecord} from './sources/write-tfrecord.js';
