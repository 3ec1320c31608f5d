import {isComplex} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {singularValues} from '../primitives/decompositions.js';
import {checkAxes, checkAxis, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat, toTensor} from './convert.js';
import {abs} from './elementwise.js';
import {type Axis, axisOptions, max, min, type ReduceOptions, sum} from './reduction.js';

/** Which norm: of vectors any number; of matrices 1, -1, 2, -2, infinity, 'fro' or 'nuc'. */
export type NormOrder = number | 'fro' | 'nuc';

export interface NormOptions extends ReduceOptions {
  /** Default: the Euclidean length of vectors and the Frobenius norm of matrices. */
  ord?: NormOrder | null | undefined;
}

/**
 * Norms of vectors (one axis) or matrices (two axes: rows, columns). Without `axis` x is one vector or one matrix. Integers become
 * float32.
 *
 * Of vectors: 2 (the default) sqrt(sum |x|^2), 0 the number of elements that are not 0, infinity and -infinity the largest and smallest
 * |x|, any other p (sum |x|^p)^(1/p). Of matrices: 'fro' (the default) sqrt(sum |x|^2), 1 and -1 the largest and smallest sum of |x| in a
 * column, infinity and -infinity in a row, 2 and -2 the largest and smallest singular value, 'nuc' their sum.
 *
 * @throws ValueError for an `ord` that does not exist; ShapeError for more than two axes.
 * @example
 * ops.norm([3, 4]); // 5
 */
export function norm(x: AnyTensorLike, options?: NormOptions | Axis): Tensor {
  const {ord = null, axis, keepdims} = normOptions(options);
  const given: Tensor = toTensor(x, 'norm');
  const real = isComplex(given.dtype) ? abs(given) : toFloat(given, 'norm');
  const axes = checkAxes('norm', axis, real.ndim);
  const over: ReduceOptions = {axis: axes, keepdims};
  if (axes.length === 1) return vectorNorm(real, ord, over);
  // In the order given: rows first.
  const [row, column] =
    (typeof axis === 'object' ? axis : null)?.map((one) => checkAxis('norm', one, real.ndim)) ?? axes;
  if (row === undefined || column === undefined || axes.length > 2) {
    throw new ShapeError(`norm: axis must be one axis or two, got ${describe(axis ?? null)} for x ${show(real.shape)}`);
  }
  return matrixNorm(isComplex(given.dtype) && usesValues(ord) ? given : real, ord, row, column, over);
}

const usesValues = (ord: NormOrder | null): boolean => ord === 'nuc' || ord === 2 || ord === -2;

function normOptions(options: NormOptions | Axis): NormOptions {
  if (options === null || options === undefined || typeof options === 'number' || isList(options)) {
    return axisOptions('norm', options);
  }
  checkOptions('norm', options, ['ord', 'axis', 'keepdims'], {
    order: 'ord',
    axes: 'axis',
    keepDims: 'keepdims',
    p: 'ord',
  });
  return options;
}

const isList = (axis: readonly number[] | NormOptions): axis is readonly number[] => Array.isArray(axis);

const euclidean = (x: Tensor, over: ReduceOptions): Tensor => sum(x.square(), over).sqrt();

function vectorNorm(x: Tensor, ord: NormOrder | null, over: ReduceOptions): Tensor {
  if (ord === null || ord === 2) return euclidean(x, over);
  if (typeof ord !== 'number' || Number.isNaN(ord)) {
    throw new ValueError(`norm: ord of vectors must be a number, got ${describe(ord)}`);
  }
  if (ord === 0) return sum(castTo(x.notEqual(0), x.dtype), over);
  const size = abs(x);
  if (ord === Infinity) return max(size, over);
  if (ord === -Infinity) return min(size, over);
  return sum(size.pow(ord), over).pow(1 / ord);
}

function matrixNorm(x: Tensor, ord: NormOrder | null, row: number, column: number, over: ReduceOptions): Tensor {
  if (ord === null || ord === 'fro') return euclidean(x, over);
  const largest = (y: Tensor, last: number, negative: boolean): Tensor => {
    const axis: ReduceOptions = {axis: last, keepdims: true};
    const found = negative ? min(y, axis) : max(y, axis);
    return over.keepdims === true ? found : found.squeeze([row, column]);
  };
  if (ord === 1 || ord === -1) return largest(sum(abs(x), {axis: row, keepdims: true}), column, ord < 0);
  if (ord === Infinity || ord === -Infinity) return largest(sum(abs(x), {axis: column, keepdims: true}), row, ord < 0);
  if (ord !== 2 && ord !== -2 && ord !== 'nuc') {
    throw new ValueError(
      `norm: ord of matrices must be 1, -1, 2, -2, Infinity, -Infinity, 'fro' or 'nuc', got ${describe(ord)}`,
    );
  }
  const others = x.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
  const s: Tensor = apply(singularValues, [x.transpose([...others, row, column])], undefined, 'norm');
  const found = ord === 'nuc' ? sum(s, -1) : ord === 2 ? max(s, -1) : min(s, -1);
  if (over.keepdims !== true) return found;
  return [row, column].sort((a, b) => a - b).reduce((y: Tensor, axis) => y.expandDims(axis), found);
}
