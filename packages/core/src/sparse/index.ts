/** Sparse tensors and what TensorFlow's `tf.sparse` does with them. */
import './methods.js';

export {SparseTensor} from './sparse-tensor.js';
export {type SparseIndices, type SparseValues} from './parts.js';
export {eye, fromDense, reorder, toDense, type ToDenseOptions} from './create.js';
export {
  add,
  type AddOptions,
  concat,
  type ConcatOptions,
  divide,
  mapValues,
  maximum,
  minimum,
  multiply,
  retain,
  slice,
  split,
} from './combine.js';
export {reduceMax, reduceSum, softmax} from './reduction.js';
export {type MatmulOptions, sparseDenseMatmul} from './matmul.js';
export {
  bincount,
  type BincountOptions,
  expandDims,
  fillEmptyRows,
  type IndexedSlices,
  mask,
  resetShape,
  reshape,
  segmentMean,
  segmentSqrtN,
  segmentSum,
  toIndicator,
  transpose,
} from './arrange.js';
