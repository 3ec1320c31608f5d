/** Pipelines of data: `data.Dataset`. */
export {type BatchOptions, Dataset, type MapOptions, type ShuffleOptions} from './dataset.js';
export {DatasetIterator, type IteratorOptions, type IteratorState} from './iterator.js';
export {type ElementSpec, TensorSpec} from './elements/spec.js';
export {type ArrayStructure, type Stacked, type TensorsOf} from './elements/types.js';
