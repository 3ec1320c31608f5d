import {type Element} from '../dtype.js';
import {zeros} from '../ops/create.js';
import {castTo} from '../ops/convert.js';
import {where} from '../ops/elementwise.js';
import {scatter} from '../ops/indexing.js';
import {axisOptions, type Axis} from '../ops/reduction.js';
import {segmentMax, segmentSum} from '../ops/segment.js';
import {stack} from '../ops/shape.js';
import {checkAxes} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {indicesOf, toSparse} from './create.js';
import {groupsOf} from './groups.js';
import {linear} from './parts.js';
import {type SparseTensor} from './sparse-tensor.js';

/** The position of each element among the axes that stay. */
function places(x: SparseTensor<Element>, axis: Axis, op: string) {
  const {axis: given, keepdims} = axisOptions(op, axis);
  const axes = checkAxes(op, given, x.ndim);
  const kept = x.denseShape.map((_, i) => i).filter((i) => !axes.includes(i));
  const sizes = kept.map((i) => x.denseShape[i] ?? 0);
  const indices = indicesOf(x);
  const columns = kept.map((i) => indices.at(':', i));
  const ids: Tensor =
    kept.length === 0 ? castTo(zeros([x.nnz], 'int64'), 'int64') : linear(stack(columns, 1), sizes, op);
  const shape = keepdims === true ? x.denseShape.map((n, i) => (axes.includes(i) ? 1 : n)) : sizes;
  return {ids, count: sizes.reduce((n, k) => n * k, 1), shape};
}

/** Sum over axes (all by default), as a dense tensor. */
export function reduceSum<E extends Element = number>(x: SparseTensor<E>, axis?: Axis): Tensor<E> {
  const op = 'sparse.reduceSum';
  const given = toSparse<E>(x, op);
  const {ids, count, shape} = places(given, axis, op);
  const sums: Tensor<Element> = segmentSum(given.values, ids, {numSegments: count}).reshape(shape);
  return sums as Tensor<E>;
}

/** Largest of the elements of the list over axes (all by default), as a dense tensor; 0 where there is none. */
export function reduceMax<E extends Element = number>(x: SparseTensor<E>, axis?: Axis): Tensor<E> {
  const op = 'sparse.reduceMax';
  const given = toSparse<E>(x, op);
  const {ids, count, shape} = places(given, axis, op);
  const counts = scatter(ids.reshape([-1, 1]), ids.onesLike(), [count]);
  const found: Tensor<Element> = where(counts.equal(0), 0, segmentMax(given.values, ids, {numSegments: count})).reshape(
    shape,
  );
  return found as Tensor<E>;
}

/** exp(x) / sum(exp(x)) over the last axis, among the elements of the list. */
export function softmax(x: SparseTensor): SparseTensor {
  const op = 'sparse.softmax';
  const given = toSparse(x, op);
  const {ids, count} = groupsOf(places(given, -1, op).ids);
  const options = {numSegments: count};
  const {values} = given;
  const powers = values.sub(segmentMax(values, ids, options).take(ids, 0)).exp();
  return given.withValues(powers.div(segmentSum(powers, ids, options).take(ids, 0)));
}
