import {type DType, type Element, type ElementOf} from '../dtype.js';
import * as activations from '../ops/activations.js';
import * as arrange from '../ops/arrange.js';
import * as basics from '../ops/basics.js';
import * as bitwise from '../ops/bitwise.js';
import * as cumulative from '../ops/cumulative.js';
import * as elementwise from '../ops/elementwise.js';
import * as gradients from '../ops/gradient.js';
import * as indexing from '../ops/indexing.js';
import * as linalg from '../ops/linalg.js';
import * as math from '../ops/math.js';
import * as nan from '../ops/nan.js';
import * as nonzeros from '../ops/nonzero.js';
import * as normalization from '../ops/normalize.js';
import * as products from '../ops/products.js';
import * as reduction from '../ops/reduction.js';
import * as shapes from '../ops/shape.js';
import * as sorting from '../ops/sorting.js';
import * as statistics from '../ops/statistics.js';
import {type DiagonalOptions} from '../ops/arrange.js';
import {type CumulativeOptions} from '../ops/cumulative.js';
import {type CloseOptions} from '../ops/math.js';
import {type NormalizeOptions} from '../ops/normalize.js';
import {type ContractAxes} from '../ops/products.js';
import {type Axis} from '../ops/reduction.js';
import {type PadOptions, type PadWidth} from '../ops/shape.js';
import {type UniqueOptions} from '../ops/sorting.js';
import {type AverageOptions, type QuantileOptions} from '../ops/statistics.js';
import {attachOperations} from './attach.js';
import {type TensorLike} from './convert.js';

// The methods that are operations under the same name: what `ops.sort(x, axis)` does, `x.sort(axis)` does.

declare module './tensor.js' {
  interface Tensor<E extends Element = number> {
    arcsin(): Tensor;
    arccos(): Tensor;
    arctan(): Tensor;
    /** The angle of the point (x, this), in (-pi, pi]. */
    arctan2(x: TensorLike<E>): Tensor;
    arcsinh(): Tensor;
    arccosh(): Tensor;
    arctanh(): Tensor;
    /** (this - x)^2 */
    squaredDifference(x: TensorLike<E>): Tensor<E>;
    logicalXor(x: TensorLike<E>): Tensor<boolean>;
    isinf(): Tensor<boolean>;
    /** min(max(this, 0), 6) */
    relu6(): Tensor<E>;
    /** this where it is positive, else negativeSlope (0.2) times it */
    leakyRelu(options?: {negativeSlope?: number | undefined}): Tensor;
    elu(options?: {alpha?: number | undefined}): Tensor;
    selu(): Tensor;
    /** this sigmoid(this) */
    silu(): Tensor;
    gelu(options?: {approximate?: boolean | undefined}): Tensor;
    softsign(): Tensor;
    logSigmoid(): Tensor;

    /** The part before the decimal point. */
    trunc(): Tensor<E>;
    fabs(): Tensor;
    exp2(): Tensor;
    log2(): Tensor;
    log10(): Tensor;
    /** The real cube root. */
    cbrt(): Tensor;
    erfc(): Tensor;
    erfinv(): Tensor;
    /** The modified Bessel function of the first kind, order 0. */
    i0(): Tensor;
    sinc(): Tensor;
    deg2rad(): Tensor;
    rad2deg(): Tensor;
    signbit(): Tensor<boolean>;
    isposinf(): Tensor<boolean>;
    isneginf(): Tensor<boolean>;
    /** NaN and infinities replaced. */
    nanToNum(options?: {
      nan?: number | undefined;
      posinf?: number | null | undefined;
      neginf?: number | null | undefined;
    }): Tensor<E>;
    /** The remainder with the sign of this. */
    fmod(x: TensorLike<E>): Tensor<E>;
    /** The larger one; a number where the other is NaN. */
    fmax(x: TensorLike<E>): Tensor<E>;
    /** The smaller one; a number where the other is NaN. */
    fmin(x: TensorLike<E>): Tensor<E>;
    hypot(x: TensorLike<E>): Tensor;
    logaddexp(x: TensorLike<E>): Tensor;
    /** this / x, and 0 where x is 0 */
    divideNoNan(x: TensorLike<E>): Tensor;
    isclose(x: TensorLike<E>, options?: CloseOptions): Tensor<boolean>;
    allclose(x: TensorLike<E>, options?: CloseOptions): Tensor<boolean>;

    celu(options?: {alpha?: number | undefined}): Tensor;
    glu(axis?: number): Tensor;
    hardSigmoid(): Tensor;
    hardSilu(): Tensor;
    hardTanh(): Tensor;
    hardShrink(options?: {threshold?: number | undefined}): Tensor;
    softShrink(options?: {threshold?: number | undefined}): Tensor;
    tanhShrink(): Tensor;
    squareplus(options?: {b?: number | undefined}): Tensor;
    sparsemax(axis?: number): Tensor;
    /** this where it is above the limit, else the default value */
    threshold(limit: number, defaultValue: number): Tensor;

    /** Running sums along an axis, of the flattened tensor without one. */
    cumsum(axis?: number | CumulativeOptions | null): Tensor<E>;
    /** Running products along an axis, of the flattened tensor without one. */
    cumprod(axis?: number | CumulativeOptions | null): Tensor<E>;
    /** Differences of neighbours. */
    diff(options?: {n?: number | undefined; axis?: number | undefined}): Tensor<E>;

    /** In ascending order along an axis, the last one by default. */
    sort(axis?: number | null): Tensor<E>;
    /** The positions (int32) that sort an axis. */
    argsort(axis?: number | null): Tensor;
    /** The k largest elements of the last axis and their positions (int32). */
    topK(
      k: number,
      options?: {sorted?: boolean | undefined; isStable?: boolean | undefined},
    ): [values: Tensor<E>, indices: Tensor];
    /** The distinct elements in ascending order. */
    unique(options?: UniqueOptions): Tensor<E> | Tensor<E>[];

    countNonzero(axis?: Axis): Tensor;
    moments(options: {
      axes: number | readonly number[];
      keepdims?: boolean | undefined;
    }): [mean: Tensor, variance: Tensor];

    /** The largest minus the smallest element. */
    ptp(axis?: Axis): Tensor<E>;
    median(axis?: Axis): Tensor;
    quantile(q: TensorLike, axis?: Axis | QuantileOptions): Tensor;
    percentile(q: TensorLike, axis?: Axis | QuantileOptions): Tensor;
    average(axis?: number | AverageOptions | null): Tensor;
    bincount(options?: Parameters<typeof statistics.bincount>[1]): Tensor;

    nansum(axis?: Axis): Tensor<E>;
    nanprod(axis?: Axis): Tensor<E>;
    nanmean(axis?: Axis): Tensor;
    nanmax(axis?: Axis): Tensor<E>;
    nanmin(axis?: Axis): Tensor<E>;
    nanvar(axis?: Axis): Tensor;
    nanstd(axis?: Axis): Tensor;
    nanmedian(axis?: Axis): Tensor;

    swapaxes(axis1: number, axis2: number): Tensor<E>;
    moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor<E>;
    /** Elements added before and after each axis. */
    pad(padWidth: PadWidth, options?: PadOptions): Tensor<E>;
    split(indicesOrSections: number | readonly number[], axis?: number): Tensor<E>[];
    /** The tensors along an axis, without it. */
    unstack(axis?: number): Tensor<E>[];

    /** Moved along axes; what leaves at the end comes in at the start. */
    roll(shift: number | readonly number[], axis?: number | readonly number[] | null): Tensor<E>;
    rot90(options?: {k?: number | undefined; axes?: readonly [number, number] | undefined}): Tensor<E>;
    fliplr(): Tensor<E>;
    flipud(): Tensor<E>;
    diag(k?: number): Tensor<E>;
    diagonal(options?: DiagonalOptions): Tensor<E>;
    diagflat(k?: number): Tensor<E>;
    /** The sum of a diagonal. */
    trace(options?: DiagonalOptions): Tensor<E>;
    tril(k?: number): Tensor<E>;
    triu(k?: number): Tensor<E>;

    takeAlongAxis(indices: TensorLike, axis?: number | null): Tensor<E>;
    /** Entries at indices [..., k] of the first k axes. */
    gatherNd(indices: TensorLike): Tensor<E>;
    /** The elements where a mask is true. */
    booleanMask(mask: TensorLike<boolean>, options?: {axis?: number | undefined}): Tensor<E>;
    multiHot(numClasses: number, options?: {axis?: number | undefined; dtype?: DType | undefined}): Tensor;

    /** The indices (int32) of elements that are not zero: one list for each axis. */
    nonzero(): Tensor[];

    bitwiseAnd(x: TensorLike<E>): Tensor<E>;
    bitwiseOr(x: TensorLike<E>): Tensor<E>;
    bitwiseXor(x: TensorLike<E>): Tensor<E>;
    bitwiseNot(): Tensor<E>;
    leftShift(x: TensorLike<E>): Tensor<E>;
    rightShift(x: TensorLike<E>): Tensor<E>;

    outer(x: TensorLike<E>): Tensor<E>;
    inner(x: TensorLike<E>): Tensor<E>;
    tensordot(x: TensorLike<E>, axes?: ContractAxes): Tensor<E>;
    kron(x: TensorLike<E>): Tensor<E>;

    normalize(options?: NormalizeOptions): Tensor;
    clipByNorm(clipNorm: number, options?: Parameters<typeof normalization.clipByNorm>[2]): Tensor;

    /** Converted; what is beyond the range of the dtype becomes its nearest end. */
    saturateCast<D extends DType>(dtype: D): Tensor<ElementOf<D>>;

    /** The same values as a constant: gradients stop here. */
    stopGradient(): Tensor<E>;
  }
}

/** By name; the first argument is the tensor. */
export const OPERATION_METHODS = {
  arcsin: elementwise.arcsin,
  arccos: elementwise.arccos,
  arctan: elementwise.arctan,
  arctan2: elementwise.arctan2,
  arcsinh: elementwise.arcsinh,
  arccosh: elementwise.arccosh,
  arctanh: elementwise.arctanh,
  squaredDifference: elementwise.squaredDifference,
  logicalXor: elementwise.logicalXor,
  isinf: elementwise.isinf,
  relu6: elementwise.relu6,
  leakyRelu: elementwise.leakyRelu,
  elu: elementwise.elu,
  selu: elementwise.selu,
  silu: elementwise.silu,
  gelu: elementwise.gelu,
  softsign: elementwise.softsign,
  logSigmoid: elementwise.logSigmoid,
  trunc: math.trunc,
  fabs: math.fabs,
  exp2: math.exp2,
  log2: math.log2,
  log10: math.log10,
  cbrt: math.cbrt,
  erfc: math.erfc,
  erfinv: math.erfinv,
  i0: math.i0,
  sinc: math.sinc,
  deg2rad: math.deg2rad,
  rad2deg: math.rad2deg,
  signbit: math.signbit,
  isposinf: math.isposinf,
  isneginf: math.isneginf,
  nanToNum: math.nanToNum,
  fmod: math.fmod,
  fmax: math.fmax,
  fmin: math.fmin,
  hypot: math.hypot,
  logaddexp: math.logaddexp,
  divideNoNan: math.divideNoNan,
  isclose: math.isclose,
  allclose: math.allclose,
  celu: activations.celu,
  glu: activations.glu,
  hardSigmoid: activations.hardSigmoid,
  hardSilu: activations.hardSilu,
  hardTanh: activations.hardTanh,
  hardShrink: activations.hardShrink,
  softShrink: activations.softShrink,
  tanhShrink: activations.tanhShrink,
  squareplus: activations.squareplus,
  sparsemax: activations.sparsemax,
  threshold: activations.threshold,
  cumsum: cumulative.cumsum,
  cumprod: cumulative.cumprod,
  diff: cumulative.diff,
  sort: sorting.sort,
  argsort: sorting.argsort,
  topK: sorting.topK,
  unique: sorting.unique,
  countNonzero: reduction.countNonzero,
  moments: reduction.moments,
  ptp: statistics.ptp,
  median: statistics.median,
  quantile: statistics.quantile,
  percentile: statistics.percentile,
  average: statistics.average,
  bincount: statistics.bincount,
  nansum: nan.nansum,
  nanprod: nan.nanprod,
  nanmean: nan.nanmean,
  nanmax: nan.nanmax,
  nanmin: nan.nanmin,
  nanvar: nan.nanvar,
  nanstd: nan.nanstd,
  nanmedian: nan.nanmedian,
  swapaxes: shapes.swapaxes,
  moveaxis: shapes.moveaxis,
  pad: shapes.pad,
  split: shapes.split,
  unstack: shapes.unstack,
  roll: arrange.roll,
  rot90: arrange.rot90,
  fliplr: arrange.fliplr,
  flipud: arrange.flipud,
  diag: arrange.diag,
  diagonal: arrange.diagonal,
  diagflat: arrange.diagflat,
  trace: arrange.trace,
  tril: arrange.tril,
  triu: arrange.triu,
  takeAlongAxis: indexing.takeAlongAxis,
  gatherNd: indexing.gatherNd,
  booleanMask: indexing.booleanMask,
  multiHot: indexing.multiHot,
  nonzero: nonzeros.nonzero,
  bitwiseAnd: bitwise.bitwiseAnd,
  bitwiseOr: bitwise.bitwiseOr,
  bitwiseXor: bitwise.bitwiseXor,
  bitwiseNot: bitwise.bitwiseNot,
  leftShift: bitwise.leftShift,
  rightShift: bitwise.rightShift,
  outer: linalg.outer,
  inner: products.inner,
  tensordot: products.tensordot,
  kron: products.kron,
  normalize: normalization.normalize,
  clipByNorm: normalization.clipByNorm,
  saturateCast: basics.saturateCast,
  stopGradient: gradients.stopGradient,
} as const;

attachOperations(OPERATION_METHODS);
