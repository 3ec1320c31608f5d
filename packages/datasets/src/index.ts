/** Data sets and data utilities of Keratin. */
export {type Pair, type TrainAndTest} from './classic/idx-set.js';
export * as data from './pipeline/index.js';
export * as datasets from './datasets.js';
export * as utils from './utils.js';
export {cacheFolder} from './files/source.js';
export {parseIdx, type IdxArray} from './files/idx.js';
