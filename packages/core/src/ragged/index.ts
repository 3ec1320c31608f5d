/** Ragged tensors and what TensorFlow's `tf.ragged` and its ops do with them. */
import './methods.js';

export {RaggedTensor, type Rows} from './ragged-tensor.js';
export {type AnyRowsLike, type RowsLike} from './rows.js';
export {
  constant,
  fromNestedRowLengths,
  fromNestedRowSplits,
  fromNestedValueRowIds,
  fromRowLengths,
  fromRowLimits,
  fromRowSplits,
  fromRowStarts,
  fromUniformRowLength,
  fromValueRowIds,
  type IntegersLike,
  type RaggedConstantOptions,
  type RaggedNested,
  rowSplitsToSegmentIds,
  segmentIdsToRowSplits,
} from './create.js';
export {fromSparse, fromTensor, type FromTensorOptions, toSparse, toTensor, type ToTensorOptions} from './convert.js';
export {elementwise, mapFlatValues, where} from './broadcast.js';
export {concat, concatenate, range, reverse, stack, tile} from './arrange.js';
export {expandDims} from './axes.js';
export {booleanMask, gather, gatherNd, type GatherOptions, type IndicesLike} from './gather.js';
export {all, any, max, mean, min, prod, softmax, std, sum, variance} from './reduction.js';
export {cross} from './cross.js';
export {mapFn} from './map.js';
export {oneHot} from './nn.js';
