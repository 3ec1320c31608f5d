import {ops, tensor} from '../../index.js';
import {type Cases, positions} from './case.js';

export const ARRAYS: Cases = {
  'array/squeeze(x)': ({x}) => x.squeeze(),
  'array/squeeze(x, [0])': ({x}) => x.squeeze([0]),
  'array/tile(y, [2, 1])': ({y}) => y.tile([2, 1]),
  'array/reshape(y, [-1])': ({y}) => y.reshape([-1]),
  'array/reshape(y, [3, -1])': ({y}) => y.reshape([3, -1]),
  'array/transpose(y)': ({y}) => y.transpose(),
  'array/transpose(x, [2, 0, 1])': ({x}) => x.transpose([2, 0, 1]),
  'array/expand_dims(y, -1)': ({y}) => y.expandDims(-1),
  'array/reduce_sum(y)': ({y}) => y.sum(),
  'array/reduce_sum(y, 0)': ({y}) => y.sum(0),
  'array/reduce_mean(y, 1, keepdims=True)': ({y}) => y.mean({axis: 1, keepdims: true}),
  'array/reduce_max(y, axis=[0, 1])': ({y}) => y.max({axis: [0, 1]}),
  'array/reduce_min(y, -1)': ({y}) => y.min(-1),
  'array/reduce_prod(y, 0)': ({y}) => y.prod(0),
  'array/reduce_all(y > 0, 1)': ({y}) => y.greater(0).all(1),
  'array/reduce_any(y > 2, 0)': ({y}) => y.greater(2).any(0),
  'array/reduce_logsumexp(y, 1)': ({y}) => y.logsumexp(1),
  'array/math.reduce_std(y, 0)': ({y}) => y.std(0),
  'array/math.reduce_variance(y)': ({y}) => y.variance(),
  'array/math.reduce_euclidean_norm(y, 1)': ({y}) => ops.norm(y, 1),
  'array/argmax(y, 1)': positions(({y}) => y.argmax(1)),
  'array/argmin(y)': positions(({y}) => y.argmin(0)),
  'array/nn.moments(y, [0])': ({y}) => ops.moments(y, {axes: [0]}),
  'array/nn.moments(y, [0, 1], keepdims=True)': ({y}) => ops.moments(y, {axes: [0, 1], keepdims: true}),
  'array/nn.softmax(y)': ({y}) => y.softmax(),
  'array/nn.l2_loss(y)': ({y}) => ops.l2Loss(y),
  'array/nn.l2_normalize(y, 1)': ({y}) => ops.normalize(y, {axis: 1}),
  'array/norm(y)': ({y}) => ops.norm(y),
  'array/norm(y, ord=1, axis=0)': ({y}) => y.abs().sum(0),
  'array/concat([y, y], 1)': ({y}) => ops.concatenate([y, y], 1),
  'array/stack([y, y], -1).shape': ({y}) => ops.stack([y, y], -1).shape,
  'array/pad(y, [[1, 0], [0, 2]])': ({y}) =>
    ops.pad(y, [
      [1, 0],
      [0, 2],
    ]),
  "array/pad(y, [[1, 1], [1, 1]], 'REFLECT')": ({y}) => ops.pad(y, 1, {mode: 'reflect'}),
  'array/pad(y, [[0, 1], [2, 0]], constant_values=9.0)': ({y}) =>
    ops.pad(
      y,
      [
        [0, 1],
        [2, 0],
      ],
      {constantValues: 9},
    ),
  'array/repeat(y, [1, 2], axis=0)': ({y}) => ops.repeat(y, [1, 2], 0),
  'array/repeat(y, 2)': ({y}) => ops.repeat(y, 2),
  'array/broadcast_to(y[0], [2, 3])': ({y}) => ops.broadcastTo(y.at(0), [2, 3]),
  'array/cast(y, tf.int32)': ({y}) => y.cast('int32'),
  'array/cast(y, tf.bool)': ({y}) => y.cast('bool'),
  'array/round(y)': ({y}) => y.round(),
  'array/math.segment_sum(y, [0, 1])': ({y}) => ops.segmentSum(y, [0, 1]),
  'array/math.unsorted_segment_mean(y, [1, 1], 3)': ({y}) => {
    const sums = ops.segmentSum(y, [1, 1], {numSegments: 3});
    const counts = ops.segmentSum(tensor([1, 1]), [1, 1], {numSegments: 3});
    return ops.divideNoNan(sums, counts.expandDims(1));
  },
  "array/einsum('ij->j', y)": ({y}) => ops.einsum('ij->j', y),
  'array/tensordot(y, y, [[1], [1]])': ({y}) => ops.tensordot(y, y, [[1], [1]]),
  'array/linalg.trace(tf.matmul(y, y, transpose_b=True))': ({y}) => ops.trace(y.matmul(y.transpose())),
  'array/clip_by_norm(y, 1.0)': ({y}) => ops.clipByNorm(y, 1),
  'array/clip_by_global_norm([y, y[0]], 1.0)': ({y}) => ops.clipByGlobalNorm([y, y.at(0)], 1),
  'array/linalg.global_norm([y, y[0]])': ({y}) => ops.globalNorm([y, y.at(0)]),
  'array/nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(y), logits=y)': ({y}) =>
    ops.binaryCrossentropy(y.onesLike(), y, {fromLogits: true}),
  'array/nn.softmax_cross_entropy_with_logits(labels=[[1.0, 0, 0], [0, 0.5, 0.5]], logits=y)': ({y}) =>
    ops.categoricalCrossentropy(
      [
        [1, 0, 0],
        [0, 0.5, 0.5],
      ],
      y,
      {fromLogits: true},
    ),
  'array/nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=y)': ({y}) =>
    ops.sparseCategoricalCrossentropy([2, 0], y, {fromLogits: true}),
  'array/add_n([y, y, y])': ({y}) => ops.addN([y, y, y]),
  'array/identity(y)': ({y}) => ops.copy(y),
  'array/math.count_nonzero(y)': positions(({y}) => ops.countNonzero(y)),
  'array/nn.leaky_relu(y)': ({y}) => ops.leakyRelu(y, {negativeSlope: 0.2}),
  'array/nn.bias_add(y, [1.0, 2.0, 3.0])': ({y}) => ops.biasAdd(y, [1, 2, 3]),
  'array/nn.embedding_lookup(y, [1, 0])': ({y}) => y.take([1, 0], 0),
  'array/nn.crelu(y)': ({y}) => ops.crelu(y),
};
