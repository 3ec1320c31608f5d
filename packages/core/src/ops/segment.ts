import {DTYPES, type Element} from '../dtype.js';
import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import * as indexing from '../primitives/indexing.js';
import {show} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {full} from '../tensor/convert.js';
import {slice} from '../tensor/indexing/slice.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {equal, where} from './elementwise.js';
import {customGradient} from './gradient.js';
import {scatter} from './indexing.js';
import {toIndices} from './nonzero.js';

// Reductions of the rows that have one segment id.

export interface SegmentOptions {
  /** Default: the largest id + 1. */
  numSegments?: number | null | undefined;
  /** Whether ids ascend; the result is the same. Default false. */
  sorted?: boolean | undefined;
}

interface Segments {
  readonly rows: Tensor;
  /** [n, 1] */
  readonly ids: Tensor;
  /** Of the result; one row more where rows with negative ids are left out. */
  readonly shape: readonly number[];
  readonly count: number;
}

/** The one element of integers, bigint or not. */
const whole = (x: Tensor<Element>): number => Number(x.item());

function segments(data: AnyTensorLike, segmentIds: AnyTensorLike, options: SegmentOptions, op: string): Segments {
  checkOptions(op, options, ['numSegments', 'sorted']);
  const rows: Tensor = toTensor(data, op);
  const ids = toIndices(segmentIds, op);
  if (ids.ndim !== 1 || rows.ndim < 1 || rows.dim(0) !== ids.dim(0)) {
    throw new ShapeError(
      `${op}: segmentIds must have shape (n,) for data of n rows, got ${show(ids.shape)} and ${show(rows.shape)}`,
    );
  }
  const none = ids.size === 0;
  const count = options.numSegments ?? (none ? 0 : Math.max(whole(ids.max()) + 1, 0));
  const some = !none && whole(ids.min()) < 0;
  const kept = some ? where(ids.less(0), count, ids) : ids;
  return {
    rows,
    ids: kept.reshape([-1, 1]),
    shape: [count + Number(some), ...rows.shape.slice(1).map(Number)],
    count,
  };
}

const cut = (y: Tensor, {shape, count}: Segments): Tensor => (shape[0] === count ? y : y.at(slice(0, count)));

/** Sums of the rows of each segment; negative ids are left out. */
export function segmentSum(data: AnyTensorLike, segmentIds: AnyTensorLike, options: SegmentOptions = {}): Tensor {
  const given = segments(data, segmentIds, options, 'segmentSum');
  return cut(scatter(given.ids, given.rows, given.shape), given);
}

function reduced(given: Segments, mode: 'max' | 'min' | 'mul', start: number, rows: Tensor): Tensor {
  return apply(indexing.scatterUpdate, [given.ids, rows, full(given.shape, start, rows.dtype)], {mode});
}

const spread = (y: Tensor, {ids}: Segments): Tensor => y.take(ids.reshape([-1]), 0);

// Ties share the gradient, as in TensorFlow.
function extreme(given: Segments, mode: 'max' | 'min', start: number): Tensor {
  const fn = customGradient((rows: Tensor) => {
    const y = reduced(given, mode, start, rows);
    return [
      y,
      (dy: Tensor) => {
        const chosen = equal(rows, spread(y, given)).cast(dy.dtype) as Tensor;
        const count = scatter(given.ids, chosen, given.shape);
        return chosen.mul(spread(dy.div(count.maximum(1)), given));
      },
    ];
  });
  return cut(fn(given.rows), given);
}

const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  float16: [-65504, 65504],
  bfloat16: [-3.3895313892515355e38, 3.3895313892515355e38],
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
  float64: [-Number.MAX_VALUE, Number.MAX_VALUE],
};

/** The smallest and the largest number of a dtype. */
function limits({dtype}: Tensor<Element>): readonly [number, number] {
  const {kind, bytes} = DTYPES[dtype];
  const bits = bytes * 8;
  return LIMITS[dtype] ?? (kind === 'uint' ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]);
}

/** Maxima of the rows of each segment; a segment without rows has the smallest number of the dtype. */
export function segmentMax(data: AnyTensorLike, segmentIds: AnyTensorLike, options: SegmentOptions = {}): Tensor {
  const given = segments(data, segmentIds, options, 'segmentMax');
  return extreme(given, 'max', limits(given.rows)[0]);
}

/** Minima of the rows of each segment; a segment without rows has the largest number of the dtype. */
export function segmentMin(data: AnyTensorLike, segmentIds: AnyTensorLike, options: SegmentOptions = {}): Tensor {
  const given = segments(data, segmentIds, options, 'segmentMin');
  return extreme(given, 'min', limits(given.rows)[1]);
}

function product(given: Segments, from: Tensor): Tensor {
  const fn = customGradient((rows: Tensor) => [
    reduced(given, 'mul', 1, rows),
    (dy: Tensor) => {
      // The product of all others: y / x, or, for the only zero, the product of the rest.
      const zero = rows.equal(0);
      const safe = where(zero, 1, rows);
      const zeros = spread(scatter(given.ids, zero.cast(dy.dtype), given.shape), given);
      const rest = spread(product(given, safe).mul(dy), given);
      const others = where(zeros.equal(0), rest.div(safe), 0);
      return where(zero, where(zeros.equal(1), rest, 0), others);
    },
  ]);
  return fn(from);
}

/** Products of the rows of each segment; 1 for a segment without rows. */
export function segmentProd(data: AnyTensorLike, segmentIds: AnyTensorLike, options: SegmentOptions = {}): Tensor {
  const given = segments(data, segmentIds, options, 'segmentProd');
  return cut(product(given, given.rows), given);
}
