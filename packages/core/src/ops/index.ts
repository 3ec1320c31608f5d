/** Every operation, under Keras's names in camelCase. */
export * from './activations.js';
export * from './arrange.js';
export * from './attention.js';
export * from './basics.js';
export * from './bitwise.js';
export * from './complex.js';
export * from './associative-scan.js';
export * from './control.js';
export * from './scan.js';
export * from './convolution.js';
export * from './create.js';
export * from './ctc.js';
export * from './ctc-decode.js';
export {cumprod, cumsum, type CumulativeOptions, diff, trapezoid} from './cumulative.js';
export * from './einsum.js';
export * from './elementwise.js';
export * from './factorization.js';
export * from './forward.js';
export {fft, fft2, type FourierOptions, ifft, ifft2, irfft, type Parts, rfft} from './fft.js';
export * from './gradient.js';
export * as image from './image/index.js';
export {
  booleanMask,
  extractSequences,
  gatherNd,
  getItem,
  invertPermutation,
  multiHot,
  scatter,
  scatterNd,
  type ScatterReduction,
  scatterUpdate,
  select,
  sliceUpdate,
  stridedSlice,
  takeAlongAxis,
} from './indexing.js';
export * from './linalg.js';
export * as linalg from './linear-algebra.js';
export * from './math.js';
export * from './nan.js';
export {
  averagePool,
  binaryCrossentropy,
  categoricalCrossentropy,
  conv,
  type ConvOptions,
  type CrossentropyOptions,
  type DataFormat,
  logSoftmax,
  maxPool,
  oneHot,
  type Padding,
  type PoolOptions,
  softmax,
  sparseCategoricalCrossentropy,
  take,
} from './nn.js';
export {nonzero, unravelIndex} from './nonzero.js';
export * from './norm.js';
export * from './normalize.js';
export {type ContractAxes, cdist, inner, kron, tensordot, vdot} from './products.js';
export * from './rearrange.js';
export {
  all,
  any,
  argmax,
  argmin,
  type Axis,
  countNonzero,
  type ExtremeOptions,
  logsumexp,
  max,
  mean,
  min,
  moments,
  prod,
  type ReduceOptions,
  std,
  sum,
  variance,
} from './reduction.js';
export * from './segment.js';
export * from './shape.js';
export * from './solve.js';
export * from './sorting.js';
export {
  amax,
  amin,
  average,
  type AverageOptions,
  bincount,
  corrcoef,
  correlate,
  histogram,
  median,
  percentile,
  ptp,
  quantile,
  type QuantileMethod,
  type QuantileOptions,
  var,
} from './statistics.js';
export * from './tensorflow.js';
export * from './vectorize.js';
export * from './stft.js';
export * from './windows.js';
